"""The commits of manifest sources in a lock, without parsing the rest: they come before any package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pkgs.texts import read_text

# How pkgs writes a source: as a table of several lines where that would not fit into one.
_SAYS = r'uri = "([^"\\]*)"(?:(?:\n|, )commit = "([^"\\]*)")?'
_SOURCE = re.compile(rf"^(?:\[\[source\]\]\n{_SAYS}\n(?=\n|\[|\Z)|    \{{ {_SAYS} \}},\n)", re.MULTILINE)
# However a source is written, that is in it; a package has no such key.
_URI = re.compile(r"""uri["']?[ \t]*=""")


def locked_commits(path: Path) -> Mapping[str, str]:
    """Return the commit of each manifest source by URI, of those that have one.

    Empty without a lock. Raises :class:`LockError` where that part of it cannot be read.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return _read_whole(path)  # which says what is wrong
    found = _SOURCE.findall(text)
    if len(found) != len(_URI.findall(text)):  # written by another hand than pkgs
        return _read_whole(path)
    return {uri or short: commit or at for uri, commit, short, at in found if commit or at}


def _read_whole(path: Path) -> Mapping[str, str]:
    """Parse the lock, which would cost more than the rest wherever it need not be."""
    from pkgs.environment.lock import read_lock  # deferred: see above

    return {source.uri: source.commit for source in read_lock(path).sources if source.commit}
