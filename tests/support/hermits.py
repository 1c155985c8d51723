"""Environments of hermit as public repositories have them, and manifests of all that they pin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkgs.digests import digest_file
from pkgs.references import Reference
from tests.support.archives import make_tar_gz
from tests.support.checkout import ROOT
from tests.support.project import Run

TIMEOUT = 60
NEWEST = "9.9.9"
_SCRIPT = "#!/bin/bash\n# This is hermit's.\nexec false\n"


@dataclass(frozen=True, slots=True)
class Layout:
    """A repository: where hermit's environment is, what it pins (reference → tools), and what lies around.

    ``config`` is hermit.hcl with ``SOURCES`` for where the manifests are; None for no such file.
    """

    name: str
    bin: str
    pins: Mapping[str, tuple[str, ...]]
    config: str | None = "sources = [SOURCES]\nmanage-git = false\n"
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    fish: bool = False


LAYOUTS = (
    Layout(
        "manifests with the environment in bin",
        "bin",
        {"just-1.2.0": ("just",)},
        files={"bin/manifest-maker.ts": "console.log(1)\n", "README.md": "see `bin/hermit install just`\n"},
    ),
    Layout(
        "own scripts in the environment",
        ".hermit/bin",
        {
            "deno-2.1.1": ("deno",),
            "uv-0.5.21": ("uv", "uvx"),
            "hyperfine@latest": ("hyperfine",),
            "just@latest": ("just",),
            "pre-commit@latest": ("pre-commit",),
        },
        files={
            ".hermit/bin/publish-docs": "#!/bin/sh\necho publish\n",
            ".hermit/bin/runbook": '#!/bin/sh\nuv run runbook "$@"\n',
            ".gitignore": ".hermit/.hermit\n",
            ".envrc": "layout hermit\n",
            ".github/workflows/main.yml": "- run: echo PATH=./.hermit/bin:$PATH >> $GITHUB_ENV\n",
        },
    ),
    Layout(
        "an action in CI, and a link from elsewhere",
        ".hermit/bin",
        {"deno-1.45.5": ("deno",), "go-1.22.5": ("go", "gofmt")},
        files={".github/workflows/ci.yml": "  - uses: cashapp/activate-hermit@v1\n"},
        links={"scripts/golang": "../.hermit/bin/go", "scripts/two": "golang"},
    ),
    Layout(
        "a package of several tools",
        ".hermit/bin",
        {
            "adr-tools-3.0.0": ("adr", "adr-new"),
            "buf-1.10.0": ("buf", "protoc-gen-buf-breaking", "protoc-gen-buf-check", "protoc-gen-buf-lint"),
            "pre-commit-2.21.0": ("pre-commit",),
            "protoc-gen-go-1.28.1": ("protoc-gen-go",),
        },
    ),
    Layout(
        "tools called by path",
        ".hermit/bin",
        {"prek-0.3.5": ("prek",)},
        files={"Makefile": "setup:\n\t.hermit/bin/hermit install\n\t.hermit/bin/prek install\n"},
    ),
    Layout(
        "the user's own environment",
        ".hermit/bin",
        {
            "age-1.1.1": ("age", "age-keygen"),
            "chezmoi@latest": ("chezmoi",),
            "duckdb@latest": ("duckdb",),
            "envtpl@latest": ("envtpl",),
            "msh@latest": ("msh",),
            "polylint@latest": ("polylint",),
        },
    ),
    Layout(
        "tokens for private packages, and fish",
        ".hermit/bin",
        {
            "go-1.26.0": ("go", "gofmt"),
            "golangci-lint-2.10.1": ("golangci-lint",),
            "prek-0.3.4": ("prek",),
            "terraform-1.14.6": ("terraform",),
        },
        config="sources = [SOURCES]\nmanage-git = false\n\ngithub-token-auth {\n}\n",
        files={
            ".hermit/.cache/linter": "built\n",
            ".github/workflows/golangci.yml": 'eval "$(.hermit/bin/hermit env --raw)"\n'
            'echo "$PATH" >> "$GITHUB_PATH"\n.hermit/bin/hermit env --raw >> "$GITHUB_ENV"\n',
        },
        links={"scripts/tf": "../.hermit/bin/terraform"},
        fish=True,
    ),
    Layout(
        "everything that hermit.hcl can say",
        "tools",
        {"jq-1.7.1": ("jq",)},
        config='// Ours.\nenv = {\n  "GOBIN": "${HERMIT_ENV}/build",\n  ODD: "a \\"b\\"",\n}\n'
        "sources = [SOURCES]\n"
        'inherit-parent = true\ninstall-on-activate = ["jq"]\nidea = true\n'
        'github-token-auth {\n  match = ["me/*"]\n}\n',
    ),
)


@dataclass(frozen=True, slots=True)
class Hermits:
    """A repository with an environment of hermit at ``root``, and a pkgs to migrate it with."""

    layout: Layout
    root: Path
    exe: Path
    state: Path

    @classmethod
    def make(cls, folder: Path, layout: Layout, *, published: bool = True) -> Hermits:
        """Make the repository; unless ``published``, no manifest is there yet."""
        exe = folder / "pkgs-exe"
        main = ROOT / "src" / "pkgs" / "__main__.py"
        exe.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{main}" "$@"\n')
        exe.chmod(0o755)
        made = cls(layout, folder / "repository", exe, folder / "state")
        made.bin.mkdir(parents=True)
        (folder / "manifests").mkdir()
        made._write()
        if published:
            made.publish()
        return made

    @property
    def bin(self) -> Path:
        """hermit's directory of links."""
        return self.root / self.layout.bin

    @property
    def manifests(self) -> Path:
        """The source of manifests."""
        return self.exe.parent / "manifests"

    def _write(self) -> None:
        for name in ("hermit", "activate-hermit", *(["activate-hermit.fish"] if self.layout.fish else [])):
            (self.bin / name).write_text(_SCRIPT)
            (self.bin / name).chmod(0o700)
        if self.layout.config is not None:
            text = self.layout.config.replace("SOURCES", f'"{self.manifests.as_uri()}"')
            (self.bin / "hermit.hcl").write_text(text)
        for reference, tools in self.layout.pins.items():
            (self.bin / f".{reference}.pkg").symlink_to("hermit")
            for tool in tools:
                (self.bin / tool).symlink_to(f".{reference}.pkg")
        for name, text in self.layout.files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        for name, target in self.layout.links.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).symlink_to(target)

    def publish(self) -> None:
        """Publish manifests and archives of everything pinned."""
        for text, tools in self.layout.pins.items():
            reference = Reference.parse(text)
            publish(self.manifests, reference.name, reference.version or NEWEST, tools)

    def pkgs(self, *words: str, cwd: Path | None = None, **environ: str) -> Run:
        """Run pkgs in the repository, offline."""
        return self.run(str(self.exe), *words, cwd=cwd, **environ)

    def run(self, *words: str, cwd: Path | None = None, **environ: str) -> Run:
        """Run a command in the repository."""
        own = {"PKGS_STATE_DIR": str(self.state), "PKGS_EXE": str(self.exe)}
        done = subprocess.run(
            words,
            cwd=cwd or self.root,
            env={**os.environ, **own, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def snapshot(self) -> dict[str, str]:
        """Return everything in the repository but for git's own: links by target, files by content."""
        paths = (path for path in sorted(self.root.rglob("*")) if ".git" not in path.parts)
        return {
            str(path.relative_to(self.root)): str(path.readlink())
            if path.is_symlink()
            else path.read_text()
            if path.is_file()
            else "a directory"
            for path in paths
        }


def publish(manifests: Path, name: str, version: str, tools: tuple[str, ...]) -> None:
    """Publish an archive with ``tools``, and add the version to the package's manifest."""
    dist = manifests.parent / "dist"
    dist.mkdir(exist_ok=True)
    archive = dist / f"{name}-{version}.tar.gz"
    programs = {f"bin/{tool}": f'#!/bin/sh\necho "{tool} {version}"\n'.encode() for tool in tools}
    make_tar_gz(archive, programs)
    path = manifests / f"{name}.hcl"
    binaries = ", ".join(f'"bin/{tool}"' for tool in tools)
    source = f"{dist.as_uri()}/{name}-${{version}}.tar.gz"
    head = f'description = "{name}"\nbinaries = [{binaries}]\nsource = "{source}"\n'
    before = path.read_text() if path.exists() else head
    digest = f'  sha256 = "{digest_file(archive).hex}"\n'
    path.write_text(f'{before}version "{version}" {{\n{digest}}}\n')
