"""What ``pkgs doctor`` looks at. Each check looks at one thing and changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs import __version__
from pkgs.app import App
from pkgs.cli.process import refused_by_system
from pkgs.environment.pinned import read_pins_and_lock
from pkgs.environment.pins import read_pins
from pkgs.environment.root import find_environment
from pkgs.errors import PkgsError
from pkgs.shim.scaffold import scripts
from pkgs.source.remote import RemoteSource
from pkgs.store.locks import Locks

OK, WARN, FAIL = "ok", "warn", "fail"
_LITTLE_SPACE = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: ``status`` is ok, warn or fail; ``hint`` says what helps."""

    check: str
    status: str
    message: str
    hint: str = ""

    def document(self) -> Mapping[str, str]:
        """Return it as plain values for JSON."""
        return {"check": self.check, "status": self.status, "message": self.message, "hint": self.hint}


Findings = Iterator[tuple[str, str, str]]


def diagnose(app: App) -> list[Finding]:
    """Carry out every check that has something to look at: first what others depend on."""
    checks = {"environment": _environment, "state": _state, "programs": _programs}
    if _within(app):
        inside = {
            "scripts": _scripts,
            "configuration": _configuration,
            "sources": _sources,
            "lock": _lock,
            "packages": _packages,
            "shadowing": _shadowing,
            "path": _path,
        }
        checks |= inside
    return [finding for name, check in checks.items() for finding in _carried_out(name, check, app)]


def _carried_out(name: str, check: Callable[[App], Findings], app: App) -> Iterator[Finding]:
    """Yield a check's findings; what it cannot look at has failed."""
    try:
        for status, message, hint in check(app):
            yield Finding(name, status, message, hint)
    except PkgsError as error:
        yield Finding(name, FAIL, error.message, error.hint)
    except OSError as error:
        refused = refused_by_system(error) or PkgsError(str(error))
        yield Finding(name, FAIL, f"this cannot be looked at: {refused.message}", refused.hint)


def _within(app: App) -> bool:
    try:
        return find_environment(app.environ, app.cwd) is not None
    except PkgsError:
        return False


def _environment(app: App) -> Findings:
    if find_environment(app.environ, app.cwd) is None:
        yield WARN, f"there is none in {app.cwd} or above", "make one with: pkgs init"
        return
    yield OK, f"{app.environment.root}, its tools in {app.environment.bin_dir}, by pkgs {__version__}", ""


def _state(app: App) -> Findings:
    root = app.state.root
    there = next(path for path in (root, *root.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        hint = "what is installed works; to install, make it writable, or set PKGS_STATE_DIR"
        yield FAIL, f"{root} cannot be written", hint
        return
    free = shutil.disk_usage(there).free
    if free < _LITTLE_SPACE:
        yield WARN, f"only {free >> 20} MiB are free for {root}", "pkgs gc removes what no environment uses"
    if app.state.locks.is_dir() and Locks(app.state.locks).soft:
        hint = "prefer a local disk: set PKGS_STATE_DIR"
        yield WARN, f"{root} is on a filesystem without reliable locks; marker files are used", hint
        return
    yield OK, f"{root} can be written, {free >> 30} GiB are free", ""


def _programs(app: App) -> Findings:
    path = app.environ.get("PATH")
    uv, python = shutil.which("uv", path=path), _python(path)
    if uv or python:
        yield OK, f"pkgs is set up with {uv or python}", ""
    else:
        hint = "install uv, or Python 3.11 or later"
        yield WARN, "neither uv nor a Python of version 3.11 or later is in PATH", hint
    if shutil.which("git", path=path) is None:
        yield WARN, "there is no git", "install git, for sources and packages from repositories"


def _python(path: str | None) -> str:
    """Return the first Python that is new enough to set pkgs up."""
    names = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
    for found in filter(None, (shutil.which(name, path=path) for name in names)):
        ask = [found, "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(ask, capture_output=True, timeout=10, check=False).returncode == 0:
                return found
        except (OSError, subprocess.TimeoutExpired):
            continue
    return ""


def _scripts(app: App) -> Findings:
    bad = False
    for name, (text, mode) in scripts().items():
        path = app.environment.bin_dir / name
        hint = f"renew it: pkgs init {app.environment.root}; then commit it"
        if not path.is_file():
            bad = True
            yield FAIL, f"{path} is missing", hint
        elif path.read_bytes() != text:
            bad = True
            yield WARN, f"{path} is not what pkgs {__version__} writes", hint
        elif mode & 0o100 and not os.access(path, os.X_OK):
            bad = True
            yield FAIL, f"{path} cannot be executed", f"chmod +x {path}"
    if not bad:
        yield OK, "they are those of this version of pkgs", ""


def _configuration(app: App) -> Findings:
    sources = app.config.sources
    said = ", ".join(sources) if sources else "none but the manifests that come with pkgs"
    yield OK, f"{app.environment.config_file.name} can be read; manifest sources: {said}", ""


def _sources(app: App) -> Findings:
    for source in app.catalog.sources:
        if isinstance(source, RemoteSource):
            yield _reached(app, source)
        elif not source.directory.is_dir():
            yield WARN, f"{source.uri} is skipped: there is no directory {source.directory}", "see pkgs.hcl"
        else:
            yield OK, f"{source.uri}: {len(source.names())} manifests", ""


def _reached(app: App, source: RemoteSource) -> tuple[str, str, str]:
    at = source.commit[:19] if source.here else ""
    if app.offline:
        return (
            (OK, f"{source.uri} is here at {at}; not asked, offline", "") if at else _lost(source, "offline")
        )
    try:
        newest = source.ask()
    except PkgsError as error:
        if not at:
            return FAIL, error.message, error.hint
        return WARN, f"{source.uri} is here at {at}, but cannot be reached: {error.message}", error.hint
    if newest and at and not newest.startswith(at):
        return (
            OK,
            f"{source.uri} is here at {at}; there is a newer {newest[:19]}",
            "to follow it: pkgs update",
        )
    return OK, f"{source.uri} can be reached" + (f", and is here at {at}" if at else ""), ""


def _lost(source: RemoteSource, why: str) -> tuple[str, str, str]:
    return FAIL, f"{source.uri} is not on this machine, and pkgs is {why}", "run it once without --offline"


def _lock(app: App) -> Findings:
    pins, lock = read_pins_and_lock(app.environment)
    bad = False
    if lock.program is None and pins:
        bad = True
        yield WARN, "the lock does not name pkgs itself", "run: pkgs lock"
    for pin in pins:
        locked = lock.packages.get(str(pin.reference))
        if locked is None or not locked.artifacts.get(app.platform):
            bad = True
            missing = "" if locked is None else f" on {app.platform}"
            yield WARN, f"the lock does not cover {pin.reference}{missing}", "run: pkgs lock; then commit it"
    if not bad:
        yield OK, f"{len(pins)} pins, all covered on {app.platform}", ""


def _packages(app: App) -> Findings:
    contents = app.contents
    for reference, problem in contents.problems.items():
        yield FAIL, f"{reference}: {problem.message}", problem.hint
    if not contents.problems:
        yield OK, "every pinned package has a manifest and resolves", ""


def _shadowing(app: App) -> Findings:
    found = False
    for pin in read_pins(app.environment.bin_dir):
        located = app.catalog.locate(pin.reference.name)
        for other in app.catalog.shadowed(pin.reference.name) if located else ():
            assert located
            found = True
            message = f"{located[0].path} hides {other.path} of {other.source}"
            yield WARN, message, "if that is not meant, change the order of sources in pkgs.hcl"
    if not found:
        yield OK, "no manifest of a pinned package hides another", ""


def _path(app: App) -> Findings:
    path = app.environ.get("PATH", "")
    bin_dir = app.environment.bin_dir
    if not any(_same(Path(folder), bin_dir) for folder in path.split(os.pathsep) if folder):
        yield OK, f"the environment is not active here; its tools are called by their paths in {bin_dir}", ""
        return
    bad = False
    for tool in (tool for pin in read_pins(bin_dir) for tool in pin.tools):
        found = shutil.which(tool, path=path)
        if found and not _same(Path(found).parent, bin_dir):
            bad = True
            yield WARN, f"{tool} is {found}, not the pinned one", f"put {bin_dir} before it in PATH"
    if not bad:
        yield OK, "the pinned tools come first", ""


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
