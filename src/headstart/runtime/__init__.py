"""What every stage runs in: the context of a run, progress, files that appear whole, digests, the machine."""
