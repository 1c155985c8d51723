"""This very pkgs, as the lock of an environment names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pkgs
from pkgs.digests import Digest, digest_bytes, digest_file
from pkgs.environment.program import Program
from pkgs.shim.wheel import build_wheel, own_requirements, package_directory
from pkgs.state import State
from pkgs.store.files import atomic_write


def own_program(state: State, bin_dir: Path, url: str, claim: Callable[[Digest], None]) -> Program:
    """Return the running pkgs for the environment in ``bin_dir``.

    In pkgs' own checkout that is the source beside the environment. Elsewhere it is a wheel, made of the
    running code and kept in the store; ``url`` is where those get it who lack it. ``claim`` is told the
    wheel's digest before it is looked for there, so that gc keeps it: it may not be had again.
    """
    package = package_directory()
    if package.parent.parent == bin_dir.resolve().parent:
        path = os.path.relpath(package, bin_dir.resolve())
        return Program(pkgs.__version__, own_requirements(), path=path)
    wheel = build_wheel()
    digest = digest_bytes(wheel)
    claim(digest)
    blob = state.blob(digest)
    if not blob.is_file() or digest_file(blob) != digest:
        blob.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(blob, wheel, 0o444)
    return Program(pkgs.__version__, own_requirements(), sha256=digest.hex, url=url)
