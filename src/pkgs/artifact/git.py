"""Git repositories as package sources: ``….git#REF`` is a directory, and its digest is a commit.

A fetched repository is the files of one commit without their history: ``.git`` is removed, so that the tree
is the same wherever and whenever it was made. Rules of the URL: hermit, cache/source.go:30-50 and
cache/git.go:86-99.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from pkgs.artifact.failures import host_of, shown
from pkgs.artifact.locations import without_login
from pkgs.artifact.transport import Timeouts
from pkgs.digests import Digest, digest_bytes
from pkgs.errors import FetchError

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHA256_LENGTH = 64
_USERINFO = re.compile(r"(?<=://)[^/@\s]*@")
# What would lead git to another repository than the one it is told of, or make it ask somebody.
_FOREIGN = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_ASKPASS",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_TEMPLATE_DIR",
        "GIT_TRACE",
        "GIT_WORK_TREE",
        "SSH_ASKPASS",
    }
)
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.eol=lf",
    "core.fsmonitor=false",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "protocol.ext.allow=never",
    "http.lowSpeedLimit=1",
)
_USER, _PASSWORD = "PKGS_GIT_USER", "PKGS_GIT_PASSWORD"
_LOGIN = rf"""!printf 'username=%s\npassword=%s\n' "${_USER}" "${_PASSWORD}" #"""


@dataclass(frozen=True, slots=True)
class GitSource:
    """A repository and a tag, branch or commit in it; "" stands for the repository's default branch."""

    repository: str
    ref: str

    @classmethod
    def parse(cls, url: str) -> GitSource | None:
        """Read ``REPO.git`` or ``REPO.git#REF``, or return None for other sources.

        Raises :class:`FetchError` where a part could be taken for an option.
        """
        repository, _, ref = url.partition("#")
        if not repository.endswith(".git"):
            return None
        if repository.startswith("-") or ref.startswith("-"):
            raise FetchError(f"{shown(url)}: neither a repository nor its ref starts with a dash")
        return cls(repository, ref)


def commit_digest(commit: str) -> Digest:
    """Return what stands for a commit where the store wants a digest."""
    return digest_bytes(f"git commit {commit}\n".encode())


def clone(source: GitSource, into: Path, environ: Mapping[str, str], timeout: float = 1800) -> str:
    """Put the files of ``source`` into the new directory ``into`` and return the commit.

    Only that commit is asked for. No hook runs, nobody is asked for anything; ``timeout`` is in seconds and
    for each call of git. Raises :class:`FetchError`, and then ``into`` is not there.
    """
    git = Git(source, environ, timeout)
    try:
        commit = _cloned(git, source, into)
        shutil.rmtree(into / ".git")
    except (FetchError, OSError):
        shutil.rmtree(into, ignore_errors=True)
        raise
    return commit


def remote_commit(source: GitSource, environ: Mapping[str, str], timeout: float = 60) -> str:
    """Return the commit that ``source`` names now, without fetching it; raise :class:`FetchError`."""
    if _COMMIT.fullmatch(source.ref):
        return source.ref
    ref = source.ref or "HEAD"
    git = Git(source, environ, timeout)
    listed = git.run(["ls-remote", "--", git.repository, ref, f"{ref}^{{}}"])
    commits = {name: commit for commit, _, name in (line.partition("\t") for line in listed.splitlines())}
    wanted = [f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", ref]
    found = next((commits[name] for name in wanted if name in commits), "")
    if not found:
        raise FetchError(f"{shown(source.repository)} has no tag or branch {ref}", "check the part after #")
    return found


def remote_tags(repository: str, environ: Mapping[str, str], timeout: float = 60) -> list[str]:
    """Return the names of all tags of a repository; raise :class:`FetchError`."""
    if repository.startswith("-"):
        raise FetchError(f"{shown(repository)}: a repository does not start with a dash")
    git = Git(GitSource(repository, ""), environ, timeout)
    listed = git.run(["ls-remote", "--tags", "--refs", "--", git.repository])
    return [line.partition("\trefs/tags/")[2] for line in listed.splitlines()]


def _cloned(git: Git, source: GitSource, into: Path) -> str:
    if _COMMIT.fullmatch(source.ref):
        begin(git, source.ref, into)
        fetch_commit(git, source, into)
        git.run(["-C", str(into), "checkout", "--quiet", "--detach", source.ref, "--"])
    else:
        branch = [f"--branch={source.ref}"] if source.ref else []
        options = ["--progress", "--depth=1", "--template=", "--no-recurse-submodules", *branch]
        git.run(["clone", *options, "--", git.repository, str(into)])
    return git.run(["-C", str(into), "rev-parse", "HEAD"]).strip()


def begin(git: Git, commit: str, into: Path) -> None:
    """Make an empty repository for ``commit`` in the directory ``into``, which is new or empty."""
    kind = ["--object-format=sha256"] if len(commit) == _SHA256_LENGTH else []
    git.run(["init", "--quiet", "--template=", *kind, "--", str(into)])


def fetch_commit(git: Git, source: GitSource, into: Path) -> None:
    """Fetch the commit ``source.ref``; where the server gives out only branches and tags, fetch those."""
    fetch = ["-C", str(into), "fetch", "--progress", "--no-recurse-submodules"]
    try:
        git.run([*fetch, "--depth=1", "--", git.repository, source.ref])
    except FetchError:
        git.run([*fetch, "--tags", "--", git.repository, "+refs/heads/*:refs/remotes/origin/*"])


def with_login(environ: Mapping[str, str], repository: str, user: str, password: str) -> Mapping[str, str]:
    """Return the variables with which git logs in where ``repository`` is, and nowhere else.

    git is told by variables, not by arguments: others see a process's arguments. It asks the helper for the
    host that wants a login; a header among its settings it would also send where it is redirected to.
    """
    parts = urlsplit(repository)
    key = f"credential.{parts.scheme}://{parts.netloc.rpartition('@')[2]}.helper"
    count = environ.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdigit() else 0
    return {
        **environ,
        "GIT_CONFIG_COUNT": str(number + 2),
        f"GIT_CONFIG_KEY_{number}": key,
        f"GIT_CONFIG_VALUE_{number}": "",  # nobody else's
        f"GIT_CONFIG_KEY_{number + 1}": key,
        f"GIT_CONFIG_VALUE_{number + 1}": _LOGIN,
        _USER: user,
        _PASSWORD: password,
    }


class Git:
    """Runs git in an environment of which only the harmless is left.

    ``repository`` is the source's, as it may be among the arguments of a process: without a password.
    """

    def __init__(self, source: GitSource, environ: Mapping[str, str], timeout: float) -> None:
        self._source = source
        self._timeout = timeout
        self.repository, environ = _without_password(source.repository, environ)
        kept = {name: value for name, value in environ.items() if name not in _FOREIGN}
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "LC_ALL": "C"}
        self._environ = {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "GIT_ATTR_NOSYSTEM": "1", **kept, **quiet}
        # git tells of its progress so that a server that works is not taken for one that is silent.
        self._settings = [*_SETTINGS, f"http.lowSpeedTime={max(1, round(Timeouts.of(environ).stall))}"]
        if self.repository.lower().startswith("https:") and not _COMMIT.fullmatch(source.ref):
            self._settings.append("protocol.http.allow=user")  # not by a redirect

    def run(self, arguments: Sequence[str], stdin: Path | None = None) -> str:
        """Return what git prints, given a file or nothing; raise :class:`FetchError` with its last word."""
        import subprocess  # deferred: seldom needed

        try:
            with (stdin or Path(os.devnull)).open("rb") as given:
                done = subprocess.run(
                    self._command(arguments),
                    env=self._environ,
                    cwd=os.sep,
                    stdin=given,
                    capture_output=True,
                    timeout=self._timeout,
                    check=False,
                )
        except FileNotFoundError as error:
            raise self._failed("there is no git", "install git") from error
        except subprocess.TimeoutExpired as error:
            raise self._failed(
                f"git did not finish within {self._timeout:g} s", "check the network"
            ) from error
        if done.returncode != 0:
            raise self._failed(_last_word(done.stderr), self._hint())
        return done.stdout.decode(errors="replace")

    @contextmanager
    def reading(self, arguments: Sequence[str], stdin: Path) -> Iterator[IO[bytes]]:
        """Yield what git prints while it does, given a file; raise :class:`FetchError` if it fails."""
        import subprocess  # deferred: seldom needed

        with (
            stdin.open("rb") as given,
            subprocess.Popen(
                self._command(arguments),
                env=self._environ,
                cwd=os.sep,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            assert process.stdout
            yield process.stdout
        if process.returncode:
            raise self._failed(f"git ended with status {process.returncode}", self._hint())

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["git", *(word for setting in self._settings for word in ("-c", setting)), *arguments]

    def _failed(self, why: str, hint: str) -> FetchError:
        return FetchError(f"cannot clone {shown(self._source.repository)}: {why}", hint)

    def _hint(self) -> str:
        if self._environ.get("GIT_ALLOW_PROTOCOL") == "file":  # see pkgs.app.parts
            return (
                "pkgs is offline: run it once without --offline, or bring the repository with `pkgs bundle`"
            )
        host = host_of(self._source.repository)
        reach = f", and allow {host} where outgoing traffic is filtered" if host else ""
        return f"check the URL, the ref {self._source.ref or 'HEAD'}, and that you may read it{reach}"


def _without_password(repository: str, environ: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Move a user and password from a URL into the environment."""
    try:
        plain, login = without_login(repository)
    except ValueError:
        return repository, environ
    user, password = login or ("", None)
    if password is None or urlsplit(plain).scheme not in ("http", "https"):
        return repository, environ
    return plain, with_login(environ, plain, user, password)


def _last_word(stderr: bytes) -> str:
    """Return git's error without its prefix and without credentials."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    line = (fatal or lines or ["git failed"])[0 if fatal else -1]
    return _USERINFO.sub("", line.removeprefix("fatal: ").removeprefix("error: "))
