"""Git repositories of manifests, made by real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at ``path``, whose name ends in ``.git``."""

    path: Path

    @classmethod
    def make(cls, path: Path, files: Mapping[str, str]) -> Repository:
        """Make a repository with one commit."""
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        repository.commit(files)
        return repository

    @property
    def uri(self) -> str:
        """The repository as a manifest source."""
        return self.path.as_uri()

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.git("rev-parse", "HEAD")

    def commit(self, files: Mapping[str, str]) -> str:
        """Write ``files`` and commit them; return the commit."""
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")
        return self.head

    def git(self, *arguments: str) -> str:
        """Run git in the repository and return what it prints."""
        command = ["git", "-C", str(self.path), *arguments]
        done = subprocess.run(command, env=dict(os.environ), check=True, capture_output=True, text=True)
        return done.stdout.strip()


def small_manifest(name: str, *versions: str, about: str = "", more: str = "") -> str:
    """Return a manifest that loads, and resolves on every platform."""
    labels = " ".join(f'"{version}"' for version in versions or ("1.0",))
    return (
        f'description = "{about or f"The tool {name}"}"\nbinaries = ["{name}"]\n'
        f'source = "https://example.invalid/{name}-${{version}}.tar.gz"\n{more}version {labels} {{}}\n'
    )
