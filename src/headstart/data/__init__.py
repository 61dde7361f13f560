"""Raw files become examples, labels, splits and an audit."""
