"""The store: verified blobs and unpacked trees, addressed by digest."""
