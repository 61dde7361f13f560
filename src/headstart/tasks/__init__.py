"""Kinds of answers: a row each, which says where everything that a task brings lies."""
