"""A package registry and a Python index on the loopback server, just enough for a client to believe them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.support.server import Reply, Request, Server


@dataclass(slots=True)
class NpmRegistry:
    """A small npm registry at ``prefix``; ``authorization`` is asked of every request when it is set."""

    server: Server
    prefix: str = "/npm"
    authorization: str = ""
    _documents: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What a client has as ``registry=``."""
        return self.server.url(self.prefix + "/")

    def publish(self, name: str, version: str, tarball: bytes, /, **dist: str) -> str:
        """Offer ``tarball`` as NAME@VERSION; return its URL. ``dist`` replaces what is published of it."""
        path = f"{self.prefix}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        url = self.server.add(path, Reply(tarball, authorization=self.authorization, etag=f'"{version}"'))
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        shasum = hashlib.sha1(tarball).hexdigest()
        facts = {"tarball": url, "integrity": integrity, "shasum": shasum} | dist
        document = {"name": name, "version": version, "dist": facts}
        versions = self._documents.setdefault(name, {})
        versions[version] = document
        self._serve(f"{self.prefix}/{name}/{version}", document)
        self._serve(f"{self.prefix}/{name}", {"name": name, "versions": versions})
        return url

    def _serve(self, path: str, document: Mapping[str, object]) -> None:
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json"}
        self.server.add(path, Reply(body, headers=headers, authorization=self.authorization))


@dataclass(slots=True)
class PythonIndex:
    """A small package index at ``prefix``: the simple API, JSON where asked for (and ``json``), or HTML."""

    server: Server
    prefix: str = "/simple"
    authorization: str = ""
    json: bool = True
    _files: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What a client has as ``index-url``."""
        return self.server.url(self.prefix + "/")

    def publish(self, project: str, filename: str, data: bytes, *, yanked: str = "", sha256: str = "") -> str:
        """Offer ``data`` as ``filename`` of ``project`` (normalised name); return its URL."""
        path = f"{self.prefix}-files/{filename}"
        url = self.server.add(path, Reply(data, authorization=self.authorization))
        entry: dict[str, object] = {
            "filename": filename,
            "url": f"../../{self.prefix.strip('/')}-files/{quote(filename)}",
            "hashes": {"sha256": sha256 or hashlib.sha256(data).hexdigest()},
            "yanked": yanked or False,
        }
        self._files.setdefault(project, []).append(entry)
        self.server.add(f"{self.prefix}/{project}/", lambda request: self._page(project, request))
        return url

    def _page(self, project: str, request: Request) -> Reply:
        files = self._files[project]
        if self.json and "application/vnd.pypi.simple.v1+json" in request.headers.get("accept", ""):
            body = json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": files})
            return self._reply(body, "application/vnd.pypi.simple.v1+json")
        links = "\n".join(map(_link, files))
        return self._reply(f"<!DOCTYPE html><html><body>{links}</body></html>", "text/html")

    def _reply(self, body: str, kind: str) -> Reply:
        headers = {"Content-Type": kind}
        return Reply(body.encode(), headers=headers, authorization=self.authorization)


def _link(entry: Mapping[str, object]) -> str:
    hashes = entry["hashes"]
    assert isinstance(hashes, dict)
    href = f"{entry['url']}#sha256={hashes['sha256']}"
    yanked = f' data-yanked="{html.escape(str(entry["yanked"]))}"' if entry["yanked"] else ""
    return f'<a href="{html.escape(href)}"{yanked}>{entry["filename"]}</a>'
