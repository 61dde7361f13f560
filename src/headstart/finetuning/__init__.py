"""Which weights are fitted, and how."""
