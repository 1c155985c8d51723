"""Go's durations."""

from __future__ import annotations

import pytest

from pkgs.manifest.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", 86400),
        ("5h30m", 19800),
        ("1.5s", 1.5),
        (".5m", 30),
        ("0", 0),
        ("-1h", -3600),
        ("+2ms", 0.002),
        ("1h1h", 7200),
    ],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "1", "1d", "h", "1 h", "1h ", "--1h", "one", "1h" * 40, "٣h", "2562048h"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^invalid duration"):
        seconds(text)
