"""Explanations for the page, by the modality."""
