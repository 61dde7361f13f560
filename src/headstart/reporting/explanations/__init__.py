"""Explanations for people: lines, and sheets that are drawn, by the modality."""
