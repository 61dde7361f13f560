"""Experiments over many runs: which encoder, how much the transfer helped."""
