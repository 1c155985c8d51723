"""Flags that several commands share."""

from __future__ import annotations

import argparse


def add_frozen(parser: argparse.ArgumentParser) -> None:
    """Declare ``--frozen`` and ``--no-frozen``; absent, the variable CI decides."""
    parser.add_argument(
        "--frozen",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="never write pins or lock, and refuse what the lock does not cover (implied by CI=true)",
    )
