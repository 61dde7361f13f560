"""From an example to the input of a network."""
