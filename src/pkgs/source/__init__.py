"""Manifest sources: where manifest text is read from, and the index over it."""
