"""Trying packages: their sources are where the manifest says, and their own tests pass (hermit, env.go)."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pkgs.artifact.failures import shown
from pkgs.artifact.git import GitSource, remote_commit
from pkgs.artifact.model import Artifact
from pkgs.artifact.placed import placed
from pkgs.artifact.select import artifacts_of
from pkgs.environment.expose import tools
from pkgs.environment.operations import Dependency, call_operations
from pkgs.environment.pinned import read_pins_and_lock
from pkgs.environment.pins import read_pins
from pkgs.environment.transform import apply
from pkgs.errors import EnvError, PkgsError, ResolveError
from pkgs.install.apart import apart
from pkgs.install.farm import link_farm
from pkgs.install.materialise import Installed, in_parallel, materialise
from pkgs.install.obtain import DOWNLOAD, GIT, kind_of
from pkgs.install.wanted import known_packages
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package, Places
from pkgs.package.resolve import Resolver
from pkgs.package.selectors import ExactSelector, GlobSelector, Selector
from pkgs.platforms import CORE_PLATFORMS, PLATFORMS, Platform
from pkgs.references import Reference

# Seconds that can be waited for at once: poll(2) counts milliseconds in an int.
_LONGEST = 2_000_000
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a package: PASSED, FAILED or SKIPPED, and why; ``output`` is its test's."""

    reference: Reference
    result: str
    reason: str = ""
    command: str = ""
    output: str = ""
    seconds: float = 0.0
    unsupported: tuple[Platform, ...] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> Mapping[str, object]:
        """Return it as plain values for JSON."""
        return {
            "reference": str(self.reference),
            "result": self.result,
            "reason": self.reason,
            "command": self.command,
            "output": self.output,
            "seconds": round(self.seconds, 3),
            "unsupported": list(map(str, self.unsupported)),
            "unreachable": dict(self.unreachable),
        }


def try_package(workspace: Workspace, text: str, *, check_sources: bool, limit: float) -> Trial:
    """Try the package that ``text`` selects; it need not be pinned, and nothing is pinned.

    ``check_sources`` asks for every source on every platform whether it is there. ``limit`` is how many
    seconds the package's test may take. Raises :class:`PkgsError` for what cannot even be resolved.
    """
    packages = _by_platform(workspace, text)
    reference = next(iter(packages.values())).reference
    unsupported = tuple(platform for platform in CORE_PLATFORMS if platform not in packages)
    unreachable = _unreachable(workspace, packages) if check_sources else {}
    trial = Trial(reference, FAILED, unsupported=unsupported, unreachable=unreachable)
    if unreachable:
        return replace(trial, reason=f"{len(unreachable)} of its sources cannot be reached")
    package = packages.get(workspace.platform)
    if package is None:
        return replace(trial, result=SKIPPED, reason=f"it has no source for {workspace.platform}")
    if not package.test:
        return replace(trial, result=SKIPPED, reason="its manifest has no test")
    return _tested(workspace, trial, limit)


def _by_platform(workspace: Workspace, text: str) -> Mapping[Platform, Package]:
    """Resolve on every platform; the first that offers what is selected decides which version is meant."""
    pinned = {pin.reference.name: pin.reference for pin in read_pins(workspace.environment.bin_dir)}
    selector: Selector = ExactSelector(pinned[text]) if text in pinned else GlobSelector.parse(text)
    resolver = Resolver(workspace.catalog.get(selector.name).manifest)
    found: dict[Platform, Package] = {}
    errors: list[ResolveError] = []
    for platform in (workspace.platform, *PLATFORMS):
        if platform in found:
            continue
        try:
            found[platform] = resolver.resolve(selector, platform, Places.symbolic(), today=workspace.today)
            selector = ExactSelector(found[platform].reference)
        except ResolveError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return found


def _unreachable(workspace: Workspace, packages: Mapping[Platform, Package]) -> Mapping[str, str]:
    """Return the URLs that do not answer, and why."""
    asked = {
        (url, platform): artifact
        for platform, package in packages.items()
        for artifact in artifacts_of(package)
        for url in (artifact.url, *artifact.mirrors)
    }
    answers = in_parallel(
        lambda item: _why_not(workspace, item[0][0], item[1], item[0][1]), asked.items(), workspace.jobs
    )
    return {shown(url): why for (url, _), why in zip(asked, answers, strict=True) if why}


def _why_not(workspace: Workspace, url: str, artifact: Artifact, platform: Platform) -> str:
    kind = kind_of(workspace, artifact)
    if kind == GIT:
        source = GitSource.parse(placed(url, workspace.places))
        try:
            return "" if source and remote_commit(source, workspace.environ) else "no such repository"
        except PkgsError as error:
            return error.message
    if kind != DOWNLOAD:
        return ""
    probe = workspace.fetcher.probe(url, platform)
    return "" if probe.reachable else probe.reason or "it does not answer"


def _tested(workspace: Workspace, trial: Trial, limit: float) -> Trial:
    pinned, lock = read_pins_and_lock(workspace.environment)
    pins = [pin.reference for pin in pinned]
    with apart(workspace) as own:
        (installed,) = materialise(own, [trial.reference], lock, lambda: known_packages(own, pins, lock))
        started = time.monotonic()
        status, output = _run(_words(installed), _environ(own, installed), limit)
        seconds = time.monotonic() - started
    trial = replace(trial, command=installed.package.test, output=output, seconds=seconds)
    if status is None:
        return replace(trial, reason=f"it takes more than {limit:g} s")
    return replace(trial, reason=f"it ends with status {status}") if status else replace(trial, result=PASSED)


def _words(installed: Installed) -> list[str]:
    """Return the test's words; the first must be one of the package's own tools."""
    package, found = installed.package, tools(installed.package)
    try:
        words = shlex.split(package.test)
    except ValueError as error:
        raise EnvError(f"{package.reference}: its test {package.test!r} is no command: {error}") from error
    if not words or words[0] not in found:
        raise EnvError(
            f"{package.reference}: its test {package.test!r} calls none of its tools",
            f"let it begin with one of {', '.join(found)}",
        )
    return [str(found[words[0]]), *words[1:]]


def _environ(workspace: Workspace, installed: Installed) -> Mapping[str, str]:
    """Return the variables of a call, as if nothing else were installed."""
    dependencies = [
        Dependency(each.package, link_farm(workspace, each.package)) for each in installed.dependencies
    ]
    operations = call_operations(
        workspace.environment, installed.package, others=(), dependencies=dependencies, env={}
    )
    return apply(workspace.environ, operations).on(workspace.environ)


def _run(words: list[str], environ: Mapping[str, str], limit: float) -> tuple[int | None, str]:
    """Run a command away from everything; return its status, None after ``limit`` seconds, and its output."""
    with tempfile.TemporaryDirectory(prefix="pkgs-test-") as place:
        process = subprocess.Popen(
            words,
            cwd=place,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=min(limit, _LONGEST))
            return process.returncode, output.decode(errors="replace")
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
