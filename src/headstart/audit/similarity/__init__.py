"""Whether two examples are near copies of each other."""
