"""Manifests: HCL text in, frozen values out."""
