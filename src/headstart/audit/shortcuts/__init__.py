"""Whether what has nothing to do with the meaning of an example gives its class away."""
