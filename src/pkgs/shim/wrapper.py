"""The wrapper ``bin/pkgs`` as environments get it: its shell part and its Python part in one file."""

from __future__ import annotations

from importlib.resources import files

_PLACE = b"@BOOTSTRAP@\n"


def wrapper_text() -> bytes:
    """Return the wrapper: the same bytes from every copy of this version of pkgs. Its mode is 0755."""
    directory = files("pkgs.shim").joinpath("files")
    shell = directory.joinpath("pkgs").read_bytes()
    return shell.replace(_PLACE, directory.joinpath("bootstrap.py").read_bytes())
