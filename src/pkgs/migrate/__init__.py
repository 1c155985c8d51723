"""Turning what other tools pin into an environment of pkgs."""
