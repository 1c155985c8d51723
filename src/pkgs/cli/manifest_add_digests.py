"""``pkgs manifest add-digests``: write down which bytes a manifest means."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.authoring import JOBS, finder, manifest_paths
from pkgs.errors import PkgsError

if TYPE_CHECKING:
    from pkgs.authoring.digests import Finder, Found, Request, Verdict
    from pkgs.authoring.files import ManifestPath

EPILOG = """\
For every version and platform of each FILE (a directory stands for its manifests), and for its alternatives,
the SHA-256 digest that is missing is looked for where publishers put them: in the file that the manifest's
sha256-source names, else in URL.sha256, checksums.txt, SHA256SUMS and the like beside the download. What
nobody states is downloaded and hashed. Digests go into sha256sums, and nothing else of the file changes. What
is listed stays; --check compares it with what publishers state, and writes nothing.

One version that cannot be had stops none of the others: such are told at the end with the hosts that have to
be reached, and the exit status is 1.

examples:
  pkgs manifest add-digests manifests/dagu.hcl
  pkgs manifest add-digests manifests            every manifest in a directory
  pkgs manifest add-digests --check manifests    does upstream still say what we list?
  pkgs manifest add-digests --json manifests     [{file, added, missing, problems}, …]
"""
_BATCH = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE", help="a manifest, or a directory of manifests")
    parser.add_argument(
        "--check", action="store_true", help="compare what is listed with what publishers state"
    )
    parser.add_argument("-j", "--jobs", type=int, default=JOBS, metavar="N", help="URLs looked into at once")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Add or check."""
    paths, find = manifest_paths(app, args.files), finder(app)
    if args.check:
        return _check(args, app, paths, find)
    additions = [add_digests(app, path, find, args.jobs) for path in paths]
    if args.json:
        app.out.write(json.dumps([each.document() for each in additions], indent=2) + "\n")
    refuse_missing(additions)
    return 0


@dataclass(slots=True)
class Addition:
    """What became of one file."""

    path: ManifestPath
    added: dict[str, Found] = field(default_factory=dict)
    missing: dict[str, PkgsError] = field(default_factory=dict)
    problems: list[PkgsError] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "file": str(self.path.path),
            "added": {url: {"sha256": each.digest, "from": each.by} for url, each in self.added.items()},
            "missing": {url: error.message for url, error in self.missing.items()},
            "problems": [error.message for error in self.problems],
        }


def add_digests(app: App, path: ManifestPath, find: Finder, jobs: int) -> Addition:
    """Add the digests that one file lacks, a few at a time, so that an interrupt loses little."""
    from pkgs.authoring.digests import found_in_parallel, requests_of

    outcome = Addition(path)
    try:
        requests = requests_of(path.load(), app.today, outcome.problems.append)
    except PkgsError as error:
        outcome.problems.append(error)
        return outcome
    waiting: dict[str, Found] = {}
    try:
        missing = [request for request in requests if not request.listed]
        for request, found in found_in_parallel(find.find, missing, jobs):
            if isinstance(found, PkgsError):
                outcome.missing[request.url] = found
            else:
                waiting[request.url] = found
            if len(waiting) >= _BATCH:
                _write(outcome, waiting)
    finally:
        _write(outcome, waiting)
    outcome.missing = {
        each.url: outcome.missing[each.url] for each in requests if each.url in outcome.missing
    }
    _tell(app, outcome, requests)
    return outcome


def _write(outcome: Addition, waiting: dict[str, Found]) -> None:
    """Put what is waiting into the file as it is now."""
    from pkgs.authoring.rewrite import with_sums

    if waiting:
        path = outcome.path
        digests = {url: found.digest for url, found in waiting.items()}
        path.write(with_sums(path.text(), digests, path=str(path.path)))
        outcome.added.update(waiting)
        waiting.clear()


def _tell(app: App, outcome: Addition, requests: tuple[Request, ...]) -> None:
    name = outcome.path.path.name
    for url, found in outcome.added.items():
        app.reporter.info(f"{name}: {found.digest} {url} (from {found.by})")
    if not outcome.added and not outcome.missing:
        app.reporter.info(f"{name}: all {len(requests)} digests are there already")


def refuse_missing(additions: list[Addition]) -> None:
    """Raise one error that tells what has no digest, and which hosts have to be reached for it."""
    from pkgs.artifact.failures import host_of, shown

    missing = {url: error for each in additions for url, error in each.missing.items()}
    problems = [error for each in additions for error in each.problems]
    if not missing and not problems:
        return
    lines = [f"  {shown(url)}: {error.message}" for url, error in missing.items()]
    lines += [f"  {error.message}" for error in problems]
    hosts = sorted({host_of(url) for url in missing} - {""})
    hints = dict.fromkeys(error.hint for error in (*missing.values(), *problems) if error.hint)
    hint = f"these hosts have to be reached: {', '.join(hosts)}" if hosts else next(iter(hints), "")
    raise PkgsError(f"{_counted(missing, problems)}:\n" + "\n".join(lines), hint)


def _counted(missing: dict[str, PkgsError], problems: list[PkgsError]) -> str:
    parts = []
    if missing:
        parts.append(f"{len(missing)} digest{'s are' if len(missing) > 1 else ' is'} missing")
    if problems:
        parts.append(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in manifests")
    return ", ".join(parts)


def _check(args: argparse.Namespace, app: App, paths: list[ManifestPath], find: Finder) -> int:
    from pkgs.authoring.digests import requests_of, verdicts

    problems: list[PkgsError] = []
    requests = [each for path in paths for each in requests_of(path.load(), app.today, problems.append)]
    found = verdicts(find.checksums, [each for each in requests if each.listed], args.jobs)
    if args.json:
        app.out.write(json.dumps([_verdict_document(each) for each in found], indent=2) + "\n")
    wrong = [each for each in found if each.contradicted]
    for each in found:
        if each.stated is None:
            app.reporter.warn(f"not compared: {each.request.url}: {each.problem}")
    confirmed = sum(each.stated is not None and not each.contradicted for each in found)
    app.reporter.info(f"{confirmed} of {len(found)} listed digests are what publishers state")
    if wrong:
        raise PkgsError(
            f"{len(wrong)} listed digests are not what publishers state:\n"
            + "\n".join(map(_contradiction, wrong)),
            "find out which is right before anybody installs it",
        )
    return 0


def _contradiction(verdict: Verdict) -> str:
    stated = verdict.stated
    assert stated is not None
    return f"  {verdict.request.url}: listed {verdict.request.listed}, stated {stated.digest} by {stated.by}"


def _verdict_document(verdict: Verdict) -> dict[str, object]:
    stated = verdict.stated
    return {
        "url": verdict.request.url,
        "listed": verdict.request.listed,
        "stated": stated.digest if stated else None,
        "by": stated.by if stated else None,
        "problem": verdict.problem,
    }
