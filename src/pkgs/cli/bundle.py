"""``pkgs bundle``: an environment's packages in one file, or in one directory, for elsewhere."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.changes import print_json
from pkgs.errors import LockError, UsageError

if TYPE_CHECKING:
    from pkgs.digests import Digest
    from pkgs.environment.lock import Lock
    from pkgs.install.bundle import Collected
    from pkgs.install.workspace import Workspace
    from pkgs.platforms import Platform
    from pkgs.references import Reference

EPILOG = """\
FILE.tar.zst gets what pkgs.lock names: the downloads of the chosen platforms (this one, unless told
otherwise), the manifest sources, and pkgs itself with its libraries. The same lock gives the same bytes.
Where no network is, take the file in and install from it; every download is verified by its digest:

  pkgs bundle tools.tar.zst
  pkgs bundle tools.tar.zst --platform linux-amd64 --platform darwin-arm64
  pkgs bundle tools.tar.zst --all-platforms dagu terraform
  pkgs bundle --load tools.tar.zst         take a bundle into the store
  pkgs install --offline --from tools.tar.zst

DIR gets the packages unpacked for this platform, links to their tools in DIR/bin, and DIR/.env with their
variables; it works without pkgs, wherever it is copied to:

  pkgs bundle dist/tools
  cd dist/tools && set -a && . ./.env && terraform version
"""
_SUFFIX = ".tar.zst"
_PYTHON = re.compile(r"3\.[0-9]{1,2}(?:\.[0-9]{1,2})?")
_SECONDS = re.compile(r"[0-9]{1,11}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("target", metavar="TARGET", help=f"a file FILE{_SUFFIX}, or a directory")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="which pins; without any, all of them")
    parser.add_argument("--platform", action="append", metavar="P", help="a platform to make the file for")
    parser.add_argument("--all-platforms", action="store_true", help="all platforms that the lock covers")
    parser.add_argument(
        "--python", action="append", metavar="V", help="a version of Python to bring libraries for (this one)"
    )
    parser.add_argument("--without-pkgs", action="store_true", help="leave pkgs itself and its libraries out")
    parser.add_argument("--load", action="store_true", help="take the bundle TARGET into the store")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Bundle, or take a bundle in."""
    if args.load:
        return _load(args, app)
    target = app.cwd / args.target
    workspace, lock, references = _chosen(args, app)
    if args.target.endswith(_SUFFIX):
        return _write(args, app, target, (workspace, lock, references))
    if args.platform or args.all_platforms:
        raise UsageError("a directory is for this platform alone", f"name a file that ends in {_SUFFIX}")
    return _unpack(args, app, target.resolve(), (workspace, lock, references))


_Chosen = tuple["Workspace", "Lock", "list[Reference]"]


def _chosen(args: argparse.Namespace, app: App) -> _Chosen:
    from pkgs.environment.pinned import read_pins_and_lock
    from pkgs.install.choose import pinned_as

    workspace = app.workspace()
    pins, lock = read_pins_and_lock(app.environment)
    chosen = [pinned_as(name, pins) for name in args.packages] if args.packages else pins
    if not chosen:
        raise UsageError(
            "nothing is pinned here, so there is nothing to bundle", "pin something: pkgs install"
        )
    return workspace, lock, [pin.reference for pin in chosen]


def _unpack(args: argparse.Namespace, app: App, directory: Path, chosen: _Chosen) -> int:
    from pkgs.install.unpacked import unpack_into

    workspace, lock, references = chosen
    packages = unpack_into(workspace, directory, references, lock)
    app.reporter.info(f"{len(packages)} packages are in {directory}")
    if args.json:
        print_json(app, {"directory": str(directory), "packages": [str(each.reference) for each in packages]})
    return 0


def _platforms(args: argparse.Namespace, app: App) -> tuple[Platform, ...]:
    from pkgs.platforms import PLATFORMS, Platform

    if args.all_platforms:
        return PLATFORMS
    chosen = [part for text in args.platform or () for part in text.split(",")]
    return tuple(dict.fromkeys(map(Platform.parse, chosen))) or (app.platform,)


def _pythons(args: argparse.Namespace) -> tuple[str, ...]:
    from pkgs.shim.libraries import running_python

    for version in args.python or ():
        if not _PYTHON.fullmatch(version):
            raise UsageError(f"{version!r} is no version of Python", "such as: --python 3.11")
    return tuple(dict.fromkeys(args.python or (running_python(),)))


def _write(args: argparse.Namespace, app: App, path: Path, chosen: _Chosen) -> int:
    from tempfile import TemporaryDirectory

    from pkgs.digests import digest_file
    from pkgs.install.bundle import collect, write_bundle

    workspace, lock, references = chosen
    platforms = _platforms(args, app)
    pythons = _pythons(args)
    if lock.program is None:
        raise LockError(f"there is no {app.environment.lock_file}", "write it with: pkgs lock")
    collected = collect(workspace, references, lock, platforms, every=args.all_platforms)
    with TemporaryDirectory(prefix="pkgs-bundle-") as libraries:
        if not args.without_pkgs:
            collected = _with_pkgs(app, (workspace, lock), collected, (platforms, pythons), Path(libraries))
        write_bundle(path, collected, platforms, _epoch(app))
    for sentence in collected.left_out:
        app.reporter.warn(f"left out: {sentence}")
    digest, size = digest_file(path), path.stat().st_size
    app.reporter.info(f"{path}: {size} bytes, {digest}")
    if args.json:
        print_json(
            app,
            {
                "file": str(path),
                "sha256": digest.hex,
                "size": size,
                "platforms": [str(platform) for platform in platforms],
                "packages": collected.packages,
                "left_out": list(collected.left_out),
            },
        )
    return 0


def _with_pkgs(
    app: App,
    within: tuple[Workspace, Lock],
    collected: Collected,
    wanted: tuple[tuple[Platform, ...], tuple[str, ...]],
    place: Path,
) -> Collected:
    from pkgs.install.bundle import own_wheel
    from pkgs.shim.libraries import fetch_libraries

    workspace, lock = within
    assert lock.program is not None
    libraries = fetch_libraries(place, app.environ, lock.program.requirements, *wanted, app.reporter)
    members = {**collected.members, **own_wheel(workspace, lock)}
    members |= {f"wheels/{path.name}": path for path in libraries.wheels}
    left_out = (*collected.left_out, *libraries.problems)
    return replace(collected, members=members, left_out=left_out)


def _epoch(app: App) -> int | None:
    text = app.environ.get("SOURCE_DATE_EPOCH", "")
    if text and not _SECONDS.fullmatch(text):
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, which is no number of seconds", "unset it")
    return int(text) if text else None


def _load(args: argparse.Namespace, app: App) -> int:
    loaded = load(app, app.cwd / args.target)
    if args.json:
        print_json(app, loaded)
    return 0


def load(app: App, path: Path) -> dict[str, object]:
    """Take a bundle in, and set up the pkgs of the environment from it where that is still to be done."""
    from pkgs.install.bundleload import load_bundle
    from pkgs.shim.libraries import set_up

    def claim(digests: frozenset[Digest]) -> None:
        if app.within:
            workspace = app.workspace()
            workspace.store.roots.add(workspace.owner, app.reporter, blobs=digests)

    loaded = load_bundle(path, app.state, app.reporter, claim)
    if app.within and loaded.wheels:
        set_up(app.environment, app.state, loaded.wheels, app.environ, app.reporter)
    brought = len(loaded.blobs) + len(loaded.packs)
    counted = f"{brought} downloads for {', '.join(loaded.platforms)}, {loaded.fresh} of them new"
    app.reporter.info(f"{path.name}: {counted}")
    if str(app.platform) not in loaded.platforms:
        app.reporter.warn(f"{path.name} is for {', '.join(loaded.platforms)}, and not for {app.platform}")
    return {
        "file": str(path),
        "platforms": list(loaded.platforms),
        "blobs": sorted(digest.hex for digest in loaded.blobs),
        "packs": sorted(digest.hex for digest in loaded.packs),
        "new": loaded.fresh,
    }
