"""Shims and activation: what stands between a shell and an installed tool."""
