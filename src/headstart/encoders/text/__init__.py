"""Encoders of documents: networks that read the numbers of tokens."""
