"""Environments: a directory of links, its configuration and its lock."""
