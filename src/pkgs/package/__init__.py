"""Packages: a manifest resolved for one reference and one platform, without I/O."""
