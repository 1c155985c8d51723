"""What a TLS connection trusts, and what it shows. The home of truststore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pkgs.artifact.locations import Tls

if TYPE_CHECKING:
    import ssl


def tls_context(tls: Tls, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return a TLS context that trusts what ``tls`` names, else what ``environ`` names, else the system's."""
    import ssl

    if tls.cafile or tls.cadata:
        context = ssl.create_default_context(cafile=tls.cafile or None, cadata=tls.cadata or None)
    elif environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        file, directory = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
        context = ssl.create_default_context(cafile=file or None, capath=directory or None)
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        # With a password of its own choice OpenSSL asks nobody: it would on the terminal, or wait for stdin.
        context.load_cert_chain(tls.certificate, tls.key or None, password="")
    return context


def bare_context() -> ssl.SSLContext:
    """Return a bare context, for connections that never use one: httpx would load certificates instead."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
