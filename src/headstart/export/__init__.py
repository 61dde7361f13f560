"""Forms in which a model leaves, and the check that they answer as it does."""
