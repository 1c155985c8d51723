"""Prefixes of commands that take something away from them: the network, root's powers, a known user."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

NOBODY = 54321
"""A user id that no machine knows."""
WITHOUT_NETWORK = ("unshare", "--net", "--")
WITHOUT_POWERS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
"""Root still, but bound by the permissions of files."""
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", "--clear-groups", "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override", "--",
)  # fmt: skip
"""Somebody without a home directory, who can read what the tests made all the same."""


def works(prefix: Sequence[str]) -> bool:
    """Tell whether a command with ``prefix`` runs here at all."""
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def offline() -> tuple[str, ...]:
    """Return the prefix that takes the network away, or nothing where that is not allowed."""
    return WITHOUT_NETWORK if works(WITHOUT_NETWORK) else ()
