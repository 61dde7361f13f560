"""THE LINE: every verb as a row of calls of the stages, one file each."""
