"""How much is told on standard error: flags, then variables (hermit, ui/logger.go:199-211)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from threading import Lock
from typing import TextIO

from pkgs.errors import UsageError
from pkgs.progress import Level, Reporter
from pkgs.ui.plain import PlainReporter

_OFF = frozenset({"", "0", "false", "no"})


def chosen_level(args: argparse.Namespace, environ: Mapping[str, str]) -> Level:
    """Return what the first of ``--trace --debug --quiet --level``, PKGS_QUIET and PKGS_LOG asks for.

    Raises :class:`UsageError` where PKGS_LOG names no level.
    """
    if args.trace:
        return Level.TRACE
    if args.debug:
        return Level.DEBUG
    if args.quiet:
        return Level.FATAL
    if args.level and args.level != "auto":
        return Level[args.level.upper()]
    if environ.get("PKGS_QUIET", "").lower() not in _OFF:
        return Level.FATAL
    return _named(environ.get("PKGS_LOG", ""))


def _named(name: str) -> Level:
    if name.lower() in ("", "auto"):
        return Level.INFO
    if name.upper() not in Level.__members__:
        known = ", ".join(level.lower() for level in Level.__members__)
        raise UsageError(f"PKGS_LOG is {name!r}, which is no level", f"choose one of auto, {known}")
    return Level[name.upper()]


def reporter_for(stream: TextIO, level: Level, environ: Mapping[str, str]) -> Reporter:
    """Return a live display for a terminal that somebody watches, and plain lines for all else."""
    if level > Level.INFO or not stream.isatty() or environ.get("CI"):
        return PlainReporter(stream, Lock(), level)
    from pkgs.ui.live import live_reporter  # deferred: rich costs 40 ms

    return live_reporter(stream, level)
