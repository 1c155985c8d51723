"""URIs of manifest sources, as they may be written down and shown."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def without_secrets(uri: str) -> str:
    """Return ``uri`` without a password, and of web addresses without the user, who may be a token."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return uri
    user = "" if parts.scheme in ("http", "https", "oci") else userinfo.partition(":")[0] + "@"
    return urlunsplit(parts._replace(netloc=user + host))
