"""Artifacts: where a package's bytes come from, and the fetching of them."""
