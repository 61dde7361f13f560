"""Results become text, tables and examples."""
