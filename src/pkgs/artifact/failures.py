"""How a request fails, in sentences: one failure, and the sum of several.

No message holds a secret: URLs are shown through :func:`shown`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import urlsplit

from pkgs.errors import DigestMismatchError, FetchError

_ALLOW = "allow {host} where outgoing traffic is filtered, or name a mirror that can be reached"
_ELSEWHERE = "ask who serves it, or name another origin in the manifest (mirrors, or an alternative)"
_STATUS_HINTS = {
    401: "{host} wants credentials that it was not given, or refuses them",
    403: "{host} refuses these credentials or this network; allow {host} where outgoing traffic is filtered",
    404: "check the version and the URL; the publisher may have moved or withdrawn it",
    407: "the proxy wants credentials: put them into the proxy variables (HTTPS_PROXY=http://user:password@…)",
    410: "the publisher has withdrawn it",
    429: "{host} wants fewer requests; wait, or name a mirror",
}
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_REASONS = {
    400: "bad request",
    401: "unauthorised",
    403: "forbidden",
    404: "not found",
    407: "proxy authentication required",
    410: "gone",
    416: "range not satisfiable",
    429: "too many requests",
    500: "internal server error",
    502: "bad gateway",
    503: "service unavailable",
    504: "gateway time-out",
}


class AttemptError(FetchError):
    """One try that failed.

    ``again`` says whether another try may succeed, ``wait`` how many seconds the server asks to wait
    before it, ``status`` what it answered (0: nothing), and ``latency`` after how many seconds it answered at
    all (infinite if it did not).
    """

    def __init__(
        self, message: str, hint: str = "", *, again: bool = False, wait: float = 0.0, status: int = 0
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.again = again
        self.wait = wait
        self.latency = math.inf


def shown(url: str) -> str:
    """Return ``url`` as it may be printed: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    if not parts.netloc:
        return url
    rest = "?…" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{rest}"


def host_of(url: str) -> str:
    """Return the host (and port, where one is written) of ``url``; "" if it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def unreachable(url: str, why: str, hint: str = "") -> AttemptError:
    """Say that the host of ``url`` could not be talked to; ``why`` continues the sentence."""
    return AttemptError(
        f"cannot fetch {shown(url)}: {why}", hint or _ALLOW.format(host=host_of(url)), again=True
    )


def refused(url: str, why: str, hint: str = _ELSEWHERE) -> AttemptError:
    """Say that ``url`` is of no use, now or later; ``why`` continues the sentence."""
    return AttemptError(f"cannot fetch {shown(url)}: {why}", hint)


def broken_off(url: str, why: str) -> AttemptError:
    """Say that the answer ended early."""
    hint = "run the command again: the download goes on where it stopped"
    return AttemptError(f"the download of {shown(url)} broke off: {why}", hint, again=True)


def bad_status(url: str, status: int, wait: float) -> AttemptError:
    """Say that the server answered with an error ``status`` and asks for ``wait`` seconds of patience."""
    host = host_of(url)
    default = "{host} is in trouble; try again later, or name a mirror" if status >= 500 else ""
    hint = _STATUS_HINTS.get(status, default).format(host=host)
    reason = f" ({_REASONS[status]})" if status in _REASONS else ""
    message = f"cannot fetch {shown(url)}: {host} answers {status}{reason}"
    return AttemptError(message, hint, again=status in _AGAIN, wait=wait, status=status)


def no_tunnel(url: str, answer: str) -> AttemptError:
    """Say that the proxy did not connect to the host of ``url``; ``answer`` is its status and reason."""
    status = int(answer[:3]) if answer[:3].isdecimal() else 0
    hint = _STATUS_HINTS[407] if status == 407 else f"ask who runs the proxy to allow {host_of(url)}"
    failure = unreachable(url, f"the proxy refuses to connect: {answer}", hint)
    failure.again = status in _AGAIN
    return failure


def summary(failures: Mapping[str, FetchError]) -> FetchError:
    """Return one error for all origins that were tried, in order; a wrong digest outranks the rest."""
    errors = list(failures.values())
    if len(errors) == 1:
        return errors[0]
    kind = DigestMismatchError if any(isinstance(e, DigestMismatchError) for e in errors) else FetchError
    lines = "".join(f"\n  {error.message}" for error in errors)
    return kind(f"none of {len(errors)} origins gave the file:{lines}", errors[0].hint)
