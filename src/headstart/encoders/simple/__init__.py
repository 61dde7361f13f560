"""Encoders that need no network: the baselines."""
