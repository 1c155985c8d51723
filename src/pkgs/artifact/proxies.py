"""Which proxy the environment wants for a URL."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from pkgs.artifact.locations import PORTS


def proxy_for(url: str, environ: Mapping[str, str]) -> str:
    """Return the proxy's URL for ``url``, or "" where it is to be asked directly.

    ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy`` mean what they mean to curl: lower case
    first, ``HTTP_PROXY`` in capitals not under CGI, and in ``no_proxy`` names match themselves and what ends
    in ``.name``, addresses match networks, and ``*`` matches all. They stand between commas or blanks.
    """
    parts = urlsplit(url)
    proxy = _variable(f"{parts.scheme}_proxy", environ) or _variable("all_proxy", environ)
    port = parts.port or PORTS.get(parts.scheme)
    if not proxy or _bypassed(parts.hostname or "", port, _variable("no_proxy", environ)):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name in environ:
        return environ[name].strip()
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return ""  # under CGI a client sets HTTP_PROXY by sending a "Proxy:" header
    return environ.get(name.upper(), "").strip()


def _bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    return any(_covers(entry, host.lower(), port) for entry in no_proxy.lower().replace(",", " ").split())


def _covers(entry: str, host: str, port: int | None) -> bool:
    if entry == "*" or _same_network(entry, host):
        return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and name.count(":") == 0:
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").lstrip(".")
    return host == entry or host.endswith("." + entry)


def _same_network(entry: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False  # one of them is a name
