"""Packages in one directory of their own: to be copied elsewhere and used without pkgs.

    DIR/<reference>/    each package, unpacked and writable
    DIR/bin/<tool>      relative links to their tools
    DIR/.env            the variables they need, where ``${PWD}`` stands for DIR

The layout is hermit's (env.go:385-407). What packages need at run time comes along.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.environment.lock import Lock
from pkgs.environment.operations import config_operations
from pkgs.environment.pins import replace_link
from pkgs.environment.transform import apply, segments
from pkgs.envops import EnvOp, Prepend, Unset
from pkgs.errors import EnvError
from pkgs.install.materialise import Installed, materialise
from pkgs.install.place import at
from pkgs.install.wanted import known_packages, wanted
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.references import Reference
from pkgs.store.copying import copy_tree
from pkgs.store.files import atomic_write, clean_on_failure, remove_tree, storing, temp_sibling

# Stand for what a variable is where the bundle is used; no text of a manifest holds them.
_OPEN, _CLOSE = "\x01", "\x02"
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in '\\"$`'})


def unpack_into(
    workspace: Workspace, directory: Path, references: Sequence[Reference], lock: Lock
) -> tuple[Package, ...]:
    """Put ``references`` and what they need at run time into ``directory``; return them as they are there.

    What an earlier call put there is replaced. Raises :class:`EnvError` where two provide one tool.
    """
    present = materialise(workspace, references, lock, lambda: known_packages(workspace, references, lock))
    everything = {each.package.reference: each for one in present for each in (one, *one.dependencies)}
    packages = [_copied(workspace, directory, each, lock) for each in everything.values()]
    _link(directory / "bin", packages)
    atomic_write(directory / ".env", _variables(workspace, directory, packages).encode())
    return tuple(packages)


def _copied(workspace: Workspace, directory: Path, installed: Installed, lock: Lock) -> Package:
    reference = installed.package.reference
    target = directory / str(reference)
    fresh = temp_sibling(target)
    with storing(target), clean_on_failure(fresh):
        fresh.mkdir(parents=True)
        copy_tree(installed.tree.path, fresh, writable=True)
        remove_tree(target)
        fresh.rename(target)
    return at(workspace, wanted(workspace, reference, lock).unplaced, reference, target)


def _link(bin_dir: Path, packages: Iterable[Package]) -> None:
    """Link every tool, and take away links to what is not there any more."""
    owners: dict[str, Reference] = {}
    with storing(bin_dir):
        bin_dir.mkdir(parents=True, exist_ok=True)
        for package in packages:
            for name, path in tools(package).items():
                owner = owners.setdefault(name, package.reference)
                if owner != package.reference:
                    raise EnvError(f"both {owner} and {package.reference} provide the tool {name!r}")
                replace_link(bin_dir / name, os.path.relpath(path, bin_dir))
        for link in bin_dir.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink()


def _variables(workspace: Workspace, directory: Path, packages: Sequence[Package]) -> str:
    """Return lines ``NAME="VALUE"`` for a shell to read in the bundle's directory."""
    operations: list[EnvOp] = [Prepend("PATH", f"{directory}/bin".replace("$", "$$"))]
    operations += (op for package in packages for op in package.env)
    operations += config_operations(workspace.environment, workspace.config.env)
    changes = apply(_outside(operations), operations).changes
    values = {name: _quoted(value or "", directory) for name, value in changes.items()}
    return "".join(f'{name}="{value}"\n' for name, value in sorted(values.items()))


def _outside(operations: Iterable[EnvOp]) -> Mapping[str, str]:
    """Return a mark for each variable that the operations read."""
    texts = [
        getattr(each, "value", getattr(each, "prefix", ""))
        for each in operations
        if not isinstance(each, Unset)
    ]
    names = {part.name for text in texts for part in segments(text) if part.name}
    return {name: f"{_OPEN}{name}{_CLOSE}" for name in (*sorted(names), "PATH")}


def _quoted(value: str, directory: Path) -> str:
    """Return a value between double quotes of a shell, with references in the place of marks."""
    text = value.translate(_SPECIAL).replace(str(directory).translate(_SPECIAL), "${PWD}")
    return text.replace(_OPEN, "${").replace(_CLOSE, "}")
