"""Answering over HTTP and in a browser."""
