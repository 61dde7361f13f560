"""Raw files become examples, labels and splits, and are inspected."""
