"""Actions: what a manifest's triggers do, with their variables replaced.

Source of the rules: hermit, manifest/resolver.go:636-701 and 827-832.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from pkgs.manifest.model import Action, Chmod, Copy, Delete, Message, Mkdir, Rename, Run, Symlink

# A path may also start with a place that stands for itself.
_ROOTS = ("/", "${dest}", "${env}", "${HOME}", "${state}")


class RelativePathError(Exception):
    """A path that must be absolute is not; ``args[0]`` is the path."""


def expand_action(action: Action, expand: Callable[[str], str]) -> Action:
    """Return ``action`` with every text expanded; raise :class:`RelativePathError` for a relative path.

    ``stdin`` of a run is left as it is, and so are modes.
    """

    def path(text: str) -> str:
        return _absolute(expand(text))

    match action:
        case Message():
            return Message(expand(action.text))
        case Chmod():
            return Chmod(action.mode, path(action.file))
        case Run():
            return _run(action, expand, path)
        case Mkdir():
            return Mkdir(expand(action.dir), action.mode)
        case _:
            return _move(action, expand, path)


def _move(
    action: Rename | Delete | Copy | Symlink, expand: Callable[[str], str], path: Callable[[str], str]
) -> Action:
    match action:
        case Rename():
            return Rename(path(action.from_), path(action.to))
        case Delete():
            return dataclasses.replace(action, files=tuple(map(path, action.files)))
        case Copy():
            return Copy(expand(action.from_), path(action.to), action.mode)
        case Symlink():
            return Symlink(expand(action.from_), expand(action.to))


def _run(action: Run, expand: Callable[[str], str], path: Callable[[str], str]) -> Run:
    return dataclasses.replace(
        action,
        cmd=path(action.cmd),
        args=tuple(map(expand, action.args)),
        dir=path(action.dir),
        env=tuple(map(expand, action.env)),
    )


def _absolute(path: str) -> str:
    if path and not path.startswith(_ROOTS):
        raise RelativePathError(path)
    return path
