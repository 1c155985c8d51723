"""No package registry's host is written down in the project: each machine's clients know their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.netloc); print(PyPI.file_storage_domain)"


def output(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def registry_hosts() -> set[str]:
    """Return the hosts that npm and pip fall back on, as they themselves tell."""
    npm = output("npm", "config", "get", "registry")
    return {urlsplit(url).netloc for url in npm} | set(output(sys.executable, "-c", ASK_PIP))


def files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_clients_tell_their_hosts() -> None:
    hosts = registry_hosts()

    assert len(hosts) == 3
    assert all("." in host for host in hosts)


def test_no_file_names_a_registry() -> None:
    hosts = [host.encode() for host in registry_hosts()]
    naming = [str(file.relative_to(ROOT)) for file in files() for host in hosts if host in file.read_bytes()]

    assert naming == []


@pytest.mark.registry
def test_nor_the_registries_of_this_machine() -> None:
    """The host that this machine's npm is set up for must not have leaked in either."""
    hosts = [urlsplit(url).netloc.encode() for url in output("npm", "config", "get", "registry")]
    naming = [str(file.relative_to(ROOT)) for file in files() for host in hosts if host in file.read_bytes()]

    assert naming == []
