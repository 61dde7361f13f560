"""Raw files and objects become examples, one reader for each kind."""
