"""How an example is shown to people, by its modality."""
