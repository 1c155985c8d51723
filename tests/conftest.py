"""Fences that every test stands behind: no real home, no real state, no variables from outside."""
