"""The errors a user can be told about.

Every expected failure is a :class:`PkgsError`: one sentence, and a hint that names the next step.
The command line prints it as ``pkgs: error: …`` and ``hint: …`` and exits with :attr:`PkgsError.exit_code`.
Anything else that escapes is a bug (exit 3).
"""

from __future__ import annotations

from collections.abc import Sequence

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_INTERRUPTED = 130

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """Return ``text`` with escapes for what a terminal obeys: servers and archives have a say in messages."""
    return text.translate(_CONTROLS)


class PkgsError(Exception):
    """An expected failure: ``message`` says what is wrong, ``hint`` what to do next (may be empty)."""

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = printable(message)
        self.hint = printable(hint)
        super().__init__(self.message)


class UsageError(PkgsError):
    """The command line itself is wrong."""

    exit_code = EXIT_USAGE


class ManifestError(PkgsError):
    """A manifest's text is wrong; the message holds every fault as ``file:line: …``."""


class ResolveError(PkgsError):
    """A selector cannot be resolved; ``kind`` is one of hermit's answers (``no-source`` …)."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


class SourceError(PkgsError):
    """A manifest source cannot be read or refreshed."""


class FetchError(PkgsError):
    """A download failed: network, HTTP status, time-out, refused redirect."""


class DigestMismatchError(FetchError):
    """Bytes arrived whole, but are not the ones that were asked for."""


class ArchiveError(PkgsError):
    """An archive is damaged, hostile or of a kind that cannot be unpacked."""


class StoreError(PkgsError):
    """The state directory cannot be read or written."""


class LockError(PkgsError):
    """The lock file is unreadable, or does not cover what is asked of it."""


class EnvError(PkgsError):
    """An environment is missing, malformed, or cannot be changed as asked."""


def together(errors: Sequence[PkgsError]) -> PkgsError:
    """Return one error that tells all of ``errors``; a single one as it is."""
    if len(errors) == 1:
        return errors[0]
    told = "\n".join(f"  {error.message}" for error in errors)
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    return PkgsError(f"{len(errors)} things failed:\n{told}", "; ".join(hints))
