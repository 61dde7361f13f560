"""How good: pure functions on arrays."""
