"""A matrix of features becomes class scores: arrays only, no torch."""
