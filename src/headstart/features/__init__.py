"""Encoder and dataset become a matrix that is computed once and kept."""
