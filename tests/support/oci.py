"""A real OCI registry on loopback, and what is pushed to it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = shutil.which("docker-registry")
needs_registry = pytest.mark.skipif(PROGRAM is None, reason="there is no docker-registry")
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry; ``host`` is its name and port."""

    host: str

    def push(self, repository: str, tag: str, blobs: Sequence[bytes]) -> list[str]:
        """Push an artifact with a layer for each of ``blobs``; return the layers' digests."""
        layers = [self.push_blob(repository, blob) for blob in blobs]
        config = self.push_blob(repository, b"{}")
        descriptors = [
            {"mediaType": "application/octet-stream", "digest": digest, "size": len(blob)}
            for digest, blob in zip(layers, blobs, strict=True)
        ]
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
            "layers": descriptors,
        }
        self._send("PUT", f"/v2/{repository}/manifests/{tag}", json.dumps(manifest).encode(), _MANIFEST)
        return layers

    def push_blob(self, repository: str, blob: bytes) -> str:
        """Push one blob; return its digest."""
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        place = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")
        self._send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", blob)
        return digest

    def _send(self, method: str, path: str, body: bytes, kind: str = "application/octet-stream") -> str:
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers.get("Location", ""))


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """Yield a running registry that keeps its content below ``folder``."""
    assert PROGRAM
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "content")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    process = subprocess.Popen(
        [PROGRAM, "serve", str(folder / "config.yml")],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the registry did not start"
            time.sleep(0.05)
        else:
            return
