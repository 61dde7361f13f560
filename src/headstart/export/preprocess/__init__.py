"""Preprocessing as nodes of an exported graph."""
