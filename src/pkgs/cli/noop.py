"""``pkgs install`` when there is nothing to do, told before anything else is imported.

Every library that pkgs needs costs more to import than looking at a few dozen times of files. So this module
imports nothing but what every Python has loaded already, and answers only what it can answer for sure.
"""

# ruff: noqa: PTH109, PTH110, PTH113, PTH116, PTH117, PTH118, PTH120, PTH123
# pathlib alone would take a third of the time.
import os
import sys

from pkgs import __version__

_HEADING = f"pkgs {__version__} whole 1"
# Whatever these say, there is nothing to do.
_FLAGS = {"--frozen", "--no-frozen", "-q", "--quiet", "--offline"}
_USUAL = ("bin", ".pkgs/bin", ".hermit/bin")


def nothing_to_do(words: list[str], environ: "os._Environ[str]") -> bool:
    """Tell whether the command is ``install`` without names, and everything pinned is known to be there.

    ``words`` are the command line's, ``environ`` the process's variables.
    """
    if words.count("install") != 1 or not _FLAGS.issuperset(word for word in words if word != "install"):
        return False
    try:
        note = _note(environ)
        return note is not None and _stands(note)
    except (OSError, ValueError):
        return False


def _note(environ: "os._Environ[str]") -> str | None:
    """Return the path of the environment's note, as pkgs.environment.root and pkgs.state find it."""
    bin_dir = _bin_dir(environ)
    state = _state(environ)
    if bin_dir is None or state is None:
        return None
    return f"{state}/envs/{bin_dir.lstrip('/')}/.pkgs1/whole"


def _bin_dir(environ: "os._Environ[str]") -> str | None:
    if chosen := environ.get("PKGS_BIN"):
        return os.path.join(os.getcwd(), chosen)
    if chosen := environ.get("PKGS_ENV"):
        return _below(os.path.join(os.getcwd(), chosen))
    at = os.getcwd()
    while True:
        found = _below(at)
        if found or at == "/":
            return found
        at = os.path.dirname(at)


def _below(directory: str) -> str | None:
    places = (directory, *(os.path.join(directory, usual) for usual in _USUAL))
    return next((place for place in places if _is_bin_dir(place)), None)


def _is_bin_dir(path: str) -> bool:
    return os.path.isfile(f"{path}/pkgs") and os.path.isfile(f"{path}/activate-pkgs")


def _state(environ: "os._Environ[str]") -> str | None:
    if chosen := environ.get("PKGS_STATE_DIR"):
        return os.path.join(os.getcwd(), chosen)
    cache = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(cache):
        return f"{cache}/pkgs"
    home = environ.get("HOME", "")
    if not os.path.isabs(home):
        return None
    return f"{home}/Library/Caches/pkgs" if sys.platform == "darwin" else f"{home}/.cache/pkgs"


def _stands(note: str) -> bool:
    with open(note, "rb") as file:
        heading, *lines, end = os.fsdecode(file.read()).split("\n")
    if heading != _HEADING or end != "end":
        return False
    return all(_as_noted(*line.split(" ", 1)) for line in lines)


def _as_noted(time: str, path: str) -> bool:
    if time == "+":
        return os.path.exists(path)
    if time == "-":
        return not os.path.exists(path)
    return os.stat(path).st_mtime_ns == int(time)
