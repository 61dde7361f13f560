"""What a run is asked for: the recipe, its fields, and the rules that turn data into defaults."""
