"""Results become plots."""
