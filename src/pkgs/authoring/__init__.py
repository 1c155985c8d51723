"""Writing manifests: digests and versions for files that people keep, and new manifests made from URLs."""
