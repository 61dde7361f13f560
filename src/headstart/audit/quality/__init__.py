"""How well an example was recorded, measured without a network."""
