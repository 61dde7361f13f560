"""Examples from strangers, by their modality."""
