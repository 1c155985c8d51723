"""The fences tests stand behind: what they may not touch, and how a breach is made loud.

Two kinds. An audit hook sees every file this process opens and every address it connects to, and
refuses what is not the tests' business. A comparison of the real home's start-up files before and after
the session catches what a child process did. A breach is remembered as well as raised, so that code which
swallows the refusal fails its test all the same.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import pwd
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STARTUP_FILES = (
    ".profile", ".bash_profile", ".bash_login", ".bashrc", ".bash_logout",
    ".zshenv", ".zprofile", ".zshrc", ".zlogin", ".kshrc",
    ".gitconfig", ".terraformrc", ".pkgs.hcl", ".hermit.hcl",
)  # fmt: skip
CONFIG_FOLDERS = ("fish", "git", "pkgs", "direnv")
CACHES = (".cache/pkgs", "Library/Caches/pkgs", "Library/Application Support/pkgs")

_PATH_EVENTS = {
    "open": 1, "os.listdir": 1, "os.scandir": 1, "os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2,
    "os.link": 2, "os.symlink": 2, "os.truncate": 1, "os.utime": 1, "os.chmod": 1, "os.chown": 1,
}  # fmt: skip
_ADDRESS_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_CHILD_ENVIRON = {"subprocess.Popen": 3, "os.exec": 2, "os.posix_spawn": 2}


def real_home() -> Path:
    """Return the home directory of whoever runs the tests."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def forbidden_paths(home: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files and folders of the real user that no test may open, as absolute paths."""
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    paths = [*(home / name for name in STARTUP_FILES), *(config / name for name in CONFIG_FOLDERS)]
    paths += [*(home / name for name in CACHES), cache / "pkgs"]
    if state := environ.get("PKGS_STATE_DIR"):
        paths.append(Path(state))
    return tuple(os.path.abspath(path) for path in paths)  # noqa: PTH100  # textual: nothing is opened


def snapshot(paths: tuple[str, ...], home: Path) -> dict[str, str]:
    """Return path → (size, mtime, digest) of every start-up and configuration file there is."""
    caches = tuple(str(home / name) for name in CACHES)
    found: dict[str, str] = {}
    for path in map(Path, paths):
        if str(path).startswith(caches) or path.name == "pkgs":
            continue  # another pkgs may be at work there at this very moment
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found |= {str(file): _state_of(file) for file in files if file.is_file()}
    return found


def _state_of(file: Path) -> str:
    info = file.stat()
    return f"{info.st_size} {info.st_mtime_ns} {hashlib.sha256(file.read_bytes()).hexdigest()}"


@dataclass(slots=True)
class Fence:
    """The fence of one process: closed while a test runs, open in between."""

    home: str
    forbidden: tuple[str, ...]
    closed: bool = False
    network: bool = False
    breaches: list[str] = field(default_factory=list)

    @contextmanager
    def around_a_test(self, *, network: bool) -> Iterator[None]:
        """Close the fence for one test; fail the test for breaches that its code swallowed."""
        self.closed, self.network, self.breaches = True, network, []
        try:
            yield
        finally:
            self.closed = False
        if self.breaches:
            pytest.fail(f"breach of the test fence: {'; '.join(self.breaches)}")

    def audit(self, event: str, args: tuple[object, ...]) -> None:
        """Refuse what leads outside; every other event passes at the cost of one comparison."""
        if not self.closed:
            return
        if event in _PATH_EVENTS:
            self._check_paths(event, args[: _PATH_EVENTS[event]])
        elif event in _ADDRESS_EVENTS:
            self._check_address(event, args[-1])
        elif event == "socket.getaddrinfo":
            self._check_host(event, args[0])
        elif event in _CHILD_ENVIRON:
            self._check_child(event, args[_CHILD_ENVIRON[event]])

    def _check_paths(self, event: str, paths: tuple[object, ...]) -> None:
        for path in paths:
            if not isinstance(path, str | bytes | os.PathLike):
                continue
            absolute = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # pathlib would cost more
            for fenced in self.forbidden:
                inside = absolute == fenced or absolute.startswith(fenced + os.sep)
                if inside and not absolute.startswith(sys.prefix + os.sep):
                    self._refuse(f"{event} of {absolute}, which belongs to the real user")

    def _check_address(self, event: str, address: object) -> None:
        if isinstance(address, tuple):
            self._check_host(event, address[0])

    def _check_host(self, event: str, host: object) -> None:
        name = host.decode("idna") if isinstance(host, bytes) else host
        if not self.network and isinstance(name, str) and not _is_local(name):
            self._refuse(f"{event} to {name!r}: tests talk to loopback only")

    def _check_child(self, event: str, environ: object) -> None:
        if isinstance(environ, Mapping) and self.home in (environ.get("HOME"), environ.get(b"HOME")):
            self._refuse(f"{event} with the real HOME")

    def _refuse(self, breach: str) -> None:
        self.breaches.append(breach)
        pytest.fail(f"breach of the test fence: {breach}")


def _is_local(host: str) -> bool:
    """Say whether ``host`` is this machine, or a name that by RFC 2606 is nobody."""
    if host in ("", "localhost") or host.endswith((".localhost", ".invalid")):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def install(home: Path, environ: Mapping[str, str]) -> Fence:
    """Return this process's fence, now listening; an audit hook cannot be removed, so call it once."""
    fence = Fence(str(home), forbidden_paths(home, environ))
    sys.addaudithook(fence.audit)
    return fence
