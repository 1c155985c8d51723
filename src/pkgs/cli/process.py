"""The process around a command: its streams, its ends."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from pkgs.errors import EXIT_INTERRUPTED, PkgsError

# How long an interrupted command may take to put things in order before it is ended. Worker threads cannot
# be interrupted, and everything they write is written aside first, so ending them breaks nothing.
_LAST_SECONDS = 0.7
_SHOW_CURSOR = b"\x1b[?25h"
_BROKEN_PIPE = 128 + signal.SIGPIPE


def open_streams() -> None:
    """See that there are standard streams, and that every path can be read and printed."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "surrogateescape")


def end_promptly_when_interrupted() -> None:
    """Let ^C end the process soon, whatever its threads are doing; a second ^C at once."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
        sys.unraisablehook = _unraisable


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Be silent of an interrupt that came in a finaliser, where it ends nothing: :func:`_end` will."""
    if what.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(what)


def _interrupted(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, lambda *_: _end())
    last = threading.Timer(_LAST_SECONDS, _end)
    last.daemon = True
    last.start()
    signal.default_int_handler(number, frame)


def _end() -> None:
    """End the process here and now, leaving the terminal usable."""
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(EXIT_INTERRUPTED)


def give_signals_back() -> None:
    """Let a program that replaces this process find signals as they were: Python ignores two of them."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def fail(error: PkgsError) -> int:
    """Print an error and return the exit status it asks for."""
    try:
        sys.stdout.flush()
    except OSError:
        stop_writing()
    hint = f"hint: {error.hint}\n" if error.hint else ""
    try:
        sys.stderr.write(f"pkgs: error: {error.message}\n{hint}")
        sys.stderr.flush()
    except OSError:
        _give_up(sys.stderr)
    return error.exit_code


def stop_writing() -> int:
    """Give up standard output, whose reader has gone, and return the status that shells give for that.

    Nothing is left to flush at exit, which could only fail again.
    """
    _give_up(sys.stdout)
    return _BROKEN_PIPE


def leave(status: int) -> NoReturn:
    """End the process; the kernel frees at once what Python would take apart object by object, in 60 ms."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass  # its reader has gone, and main has said so
    os._exit(status)


def _give_up(stream: TextIO) -> None:
    """Let everything that is still written to ``stream`` vanish."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def refused_by_system(error: OSError) -> PkgsError | None:
    """Return what the system refused as an error of pkgs; None for what is no trouble of the user's."""
    if error.filename is not None:
        path = os.fsdecode(error.filename)
        if isinstance(error, PermissionError):
            return _forbidden(Path(path).absolute(), error)
        return PkgsError(f"{path}: {error.strerror}", "see whether it exists and whether you may use it")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
        return PkgsError(f"the output cannot be written: {error.strerror}")
    if str(error.strerror).startswith("No usable temporary directory"):  # tempfile's own words
        return PkgsError(str(error.strerror), "set TMPDIR to a directory that you may write, with space left")
    return None


def _forbidden(path: Path, error: OSError) -> PkgsError:
    """Say who keeps us from ``path``; if that is in the state directory, how its owner can share it."""
    from shlex import quote  # deferred: only errors need these

    from pkgs.state import State
    from pkgs.store.files import keeper

    hint, state = "see whether you may use it", State.of(os.environ)
    if path.is_relative_to(state.root):
        root, kept = quote(str(state.root)), quote(str(state.envs))  # scripts there may hold secrets
        shared = f"find {root} -path {kept} -prune -o -exec chmod a+rX {{}} +"
        hint = f"let its owner run: {shared}; or set PKGS_STATE_DIR to a directory of your own"
    return PkgsError(f"{path}: {error.strerror} ({keeper(path)})", hint)
