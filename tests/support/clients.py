"""The package clients' own configuration: what the fences let through to tests marked ``registry``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_PREFIXES = ("NPM_CONFIG_", "PIP_", "UV_")
_NAMES = (
    "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
)  # fmt: skip
_FILES = (
    ".npmrc", ".netrc", ".pip/pip.conf", ".config/pip/pip.conf", ".config/uv/uv.toml",
    "Library/Application Support/pip/pip.conf",
)  # fmt: skip


def client_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell npm, pip and uv where their registries are and whom to trust."""
    return {
        name: value
        for name, value in environ.items()
        if name.upper().startswith(_PREFIXES) or name.upper() in _NAMES
    }


def link_client_files(real_home: Path, home: Path) -> None:
    """Make the clients' configuration files of ``real_home`` readable under ``home``, as links."""
    for name in _FILES:
        if os.access(real_home / name, os.R_OK):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(real_home / name)
