"""``pkgs manifest auto-version``: add the versions that came out."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.authoring import JOBS, finder, manifest_paths, raise_all, web
from pkgs.cli.manifest_add_digests import add_digests, refuse_missing
from pkgs.errors import PkgsError

if TYPE_CHECKING:
    from pkgs.authoring.autoversion import Update, Upstream
    from pkgs.authoring.files import ManifestPath

EPILOG = """\
For each version block that has an auto-version block, the place it names is asked for the newest version
(github-release, git-tags, html with xpath or css, json with jq), and what is new becomes the block's last
label; nothing else of the file changes. v1.2 and 1.2 are the same version, written as the block's others are.

GitHub is asked with the token in PKGS_GITHUB_TOKEN (HERMIT_GITHUB_TOKEN, GITHUB_TOKEN) if there is one; a
token that is refused is told of, and done without. html and json take the extra pkgs[authoring].

examples:
  pkgs manifest auto-version manifests/dagu.hcl
  pkgs manifest auto-version --update-digests manifests/*.hcl
  pkgs manifest auto-version --continue-on-error --json manifests    for a bot: failures are warnings
"""
_LARGEST = 16 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE", help="a manifest, or a directory of manifests")
    parser.add_argument(
        "--continue-on-error", action="store_true", help="warn of what fails, go on, and exit with 0"
    )
    parser.add_argument("--update-digests", action="store_true", help="add the digests of new versions too")
    parser.add_argument("-j", "--jobs", type=int, default=JOBS, metavar="N", help="URLs looked into at once")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


@dataclass(frozen=True, slots=True)
class _Outcome:
    path: ManifestPath
    updates: list[Update]
    problem: PkgsError | None = None

    @property
    def errors(self) -> list[PkgsError]:
        """Return all that failed, named after the file."""
        found = [each.problem for each in self.updates if each.problem] + [self.problem] * bool(self.problem)
        name = self.path.path.name
        return [PkgsError(f"{name}: {error.message}", error.hint) for error in found if error]


def run(args: argparse.Namespace, app: App) -> int:
    """Look for versions, file by file; without --continue-on-error the first file that fails is the last."""
    outcomes: list[_Outcome] = []
    paths = manifest_paths(app, args.files)
    with web(app) as asking:
        upstream = _upstream(app, asking)
        for path in paths:
            outcomes.append(_updated(path, upstream))
            _tell(app, outcomes[-1])
            if outcomes[-1].errors and not args.continue_on_error:
                break
    if args.json:
        app.out.write(json.dumps([_document(each) for each in outcomes], indent=2) + "\n")
    errors = [error for each in outcomes for error in each.errors]
    errors += _digests(args, app, outcomes)
    if args.continue_on_error:
        for error in errors:
            app.reporter.warn(error.message)
        return 0
    raise_all(errors)
    return 0


def _upstream(app: App, asking: object) -> Upstream:
    from pkgs.artifact.git import remote_tags
    from pkgs.artifact.locations import Location
    from pkgs.artifact.patience import Patience
    from pkgs.artifact.web import Web
    from pkgs.authoring.autoversion import Upstream
    from pkgs.authoring.github import Github

    assert isinstance(asking, Web)
    patience = Patience()
    return Upstream(
        Github(asking, app.environ, app.reporter.warn),
        lambda url: patience.first_success((url,), lambda each: asking.text(Location.of(each), _LARGEST)),
        partial(remote_tags, environ=app.environ),
    )


def _updated(path: ManifestPath, upstream: Upstream) -> _Outcome:
    from pkgs.authoring.autoversion import update

    try:
        return _Outcome(path, update(path, upstream))
    except PkgsError as error:
        return _Outcome(path, [], error)


def _tell(app: App, outcome: _Outcome) -> None:
    name = outcome.path.path.name
    for each in outcome.updates:
        if each.added:
            app.reporter.info(f"{name}: {each.found} is new")
        elif not each.problem:
            app.reporter.info(f"{name}: {each.found} is there already")
    if not outcome.updates and not outcome.problem:
        app.reporter.info(f"{name}: no version block has an auto-version block")


def _digests(args: argparse.Namespace, app: App, outcomes: list[_Outcome]) -> list[PkgsError]:
    """Add digests to the files that have new versions; return what failed."""
    if not args.update_digests:
        return []
    find = finder(app)
    changed = [each.path for each in outcomes if any(update.added for update in each.updates)]
    try:
        refuse_missing([add_digests(app, path, find, args.jobs) for path in changed])
    except PkgsError as error:
        return [error]
    return []


def _document(outcome: _Outcome) -> dict[str, object]:
    return {
        "file": str(outcome.path.path),
        "versions": [
            {
                "before": list(each.labels),
                "found": each.found,
                "added": each.added,
                "problem": each.problem.message if each.problem else "",
            }
            for each in outcome.updates
        ],
        "problem": outcome.problem.message if outcome.problem else "",
    }
