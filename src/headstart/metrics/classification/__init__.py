"""How classes are scored: labels and probabilities become an evaluation."""
