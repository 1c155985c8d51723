"""A hermetic package manager: every checkout and every CI run uses exactly the same tools."""

__version__ = "0.1.0"
