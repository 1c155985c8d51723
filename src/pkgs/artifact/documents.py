"""Documents that somebody else wrote, read without trusting who did."""

from __future__ import annotations

import json


def from_json(text: str) -> object:
    """Return what a JSON document says; raise :class:`ValueError`, also where it is nested too deeply."""
    try:
        document: object = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return document
