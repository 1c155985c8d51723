"""``manage-git``: what pkgs changes in an environment is staged in git, and nothing else is.

hermit (env.go:588-597, 1420-1429) looks for a repository exactly at the environment's root, and so never
stages anything for ``.hermit/bin``. Here the repository is the one that the root is in, as git itself finds
it, unless the root is ignored there: then it is somebody's build output.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from pkgs.progress import Reporter

# They lead git to another repository or index than that of the directory (git rev-parse --local-env-vars).
_LEADING_AWAY = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE",
     "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
)  # fmt: skip
_TRIES = 5
_PAUSE_SECONDS = 0.2
_TIME_LIMIT = 30


def stage(root: Path, changed: Iterable[Path], environ: Mapping[str, str], reporter: Reporter) -> None:
    """Stage exactly ``changed``, paths that came, changed or went in the environment at ``root``.

    Nothing happens outside a repository. A failure is told as a warning: the change itself has been made.
    """
    repository = _repository(root.resolve())
    if repository is None:
        return
    places = dict.fromkeys(path.parent.resolve() / path.name for path in changed)
    paths = [path.relative_to(repository) for path in places if path.is_relative_to(repository)]
    if not paths:
        return
    own = {name: value for name, value in environ.items() if name not in _LEADING_AWAY}
    if root.resolve() != repository and _git(["check-ignore", "-q", "."], root, own) == "":
        reporter.debug(f"{root} is ignored by git: nothing is staged")
        return
    failure = _update(repository, paths, own)
    if failure:
        reporter.warn(f"the change is made, but git did not stage it: {failure}")
    else:
        reporter.debug(f"staged in git: {', '.join(map(str, paths))}")


def _repository(directory: Path) -> Path | None:
    """Return the closest directory at or above ``directory`` that is the top of a repository."""
    return next((each for each in (directory, *directory.parents) if (each / ".git").exists()), None)


def _update(repository: Path, paths: list[Path], environ: Mapping[str, str]) -> str:
    """Bring the index up to date for ``paths``, ignored ones too; return what went wrong, or ""."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    failure = ""
    for _ in range(_TRIES):
        words = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"]
        failure = _git(words, repository, environ, names)
        if "index.lock" not in failure:
            break
        time.sleep(_PAUSE_SECONDS)  # another git is at work
    return failure


def _git(words: list[str], directory: Path, environ: Mapping[str, str], given: bytes = b"") -> str:
    """Run git; return the last line of its complaints, "" if it succeeds."""
    import subprocess  # deferred: 8 ms

    try:
        done = subprocess.run(
            ["git", *words],
            cwd=directory,
            env=dict(environ),
            input=given,
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), f"exit {done.returncode}")
