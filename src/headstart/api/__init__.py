"""The public calls: each is one call of :mod:`headstart.workflows`, with settings one by one.

What a call needs is imported inside it: ``headstart.load`` does not wait for what only ``headstart.compare`` uses.
"""
