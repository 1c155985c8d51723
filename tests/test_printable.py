"""What others wrote reaches the terminal as text."""

from __future__ import annotations

from io import StringIO
from threading import Lock

import pytest

from pkgs.errors import PkgsError, printable, together
from pkgs.progress import Level
from pkgs.ui.live import live_reporter
from pkgs.ui.plain import PlainReporter

EVIL = "a\x1b[2J\x9b2J\r\x07\x7fé\tü\nb"
TOLD = "a\\x1b[2J\\x9b2J\\x0d\\x07\\x7fé\tü\nb"


def test_controls_are_escaped_but_for_tabs_and_line_ends() -> None:
    assert printable(EVIL) == TOLD
    error = PkgsError(EVIL, EVIL)
    assert (error.message, error.hint, str(error)) == (TOLD, TOLD, TOLD)
    assert EVIL not in together([error, error]).message


@pytest.mark.parametrize("live", [True, False])
def test_reporters_obey_nobody_elses_controls(live: bool) -> None:
    stream = StringIO()
    reporter = live_reporter(stream, Level.INFO) if live else PlainReporter(stream, Lock())

    reporter.info(EVIL)
    reporter.warn(EVIL)

    assert stream.getvalue().count("\\x1b[2J") == 2
    assert stream.getvalue().replace("\n", "").replace("\t", "").isprintable()
