"""Results become text, tables and pictures."""
