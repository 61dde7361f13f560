"""Augmented views of an example."""
