"""A modality, a kind of example, is one row: where its parts lie."""
