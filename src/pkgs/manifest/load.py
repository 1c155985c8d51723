"""Loading: a manifest's bytes or text in, frozen values out, or one error that tells all faults."""

from __future__ import annotations

import re

from pkgs.errors import ManifestError
from pkgs.manifest.document import Document
from pkgs.manifest.faults import Fault, FaultsError, manifest_error
from pkgs.manifest.model import Manifest

# Ten times the largest manifest of the public repository; more is not a manifest.
LARGEST = 4 << 20
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def decode_manifest(data: bytes, *, path: str) -> str:
    """Return the text of a manifest file; raise :class:`ManifestError` if it is too large or not UTF-8."""
    if len(data) > LARGEST:
        raise _too_large(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise manifest_error(path, [Fault(line, "this is not UTF-8 text")]) from error


def parse_document(text: str, *, path: str) -> Document:
    """Return the syntax of a manifest's text; raise :class:`ManifestError` naming ``path`` and the lines."""
    if len(text) > LARGEST:
        raise _too_large(path)
    from pkgs.manifest import hcl  # deferred: it imports lark, which costs 50 ms

    try:
        return hcl.parse(_checked(text.removeprefix("\ufeff")))
    except FaultsError as error:
        raise manifest_error(path, error.faults) from error


def load_manifest(text: str, *, name: str, path: str) -> Manifest:
    """Return the manifest of package ``name`` that ``text`` says; ``path`` names the file in messages.

    Raises :class:`ManifestError` holding every fault as ``path:line: what is wrong``.
    """
    document = parse_document(text, path=path)
    from pkgs.manifest import bodies, build, checks, schema  # deferred: pydantic and its models cost 100 ms

    faults: list[Fault] = []
    raw = bodies.raw_manifest(document, faults)
    try:
        body = schema.validate(raw)
    except schema.RejectedError as error:
        faults += (bodies.schema_fault(raw, item) for item in error.errors)
        raise manifest_error(path, faults) from error
    faults += checks.channel_faults(raw, body)
    if faults:
        raise manifest_error(path, faults)
    return build.build_manifest(body, name=name, path=path)


def _checked(text: str) -> str:
    """Return ``text`` if it is Unicode without a NUL."""
    bad = _UNREADABLE.search(text)
    if bad:
        what = "a NUL character" if bad[0] == "\0" else "half a character"
        reason = "" if bad[0] == "\0" else ": it is not UTF-8"
        raise FaultsError(
            [Fault(text.count("\n", 0, bad.start()) + 1, f"there is {what} in the text{reason}")]
        )
    return text


def _too_large(path: str) -> ManifestError:
    return ManifestError(f"{path}: too large for a manifest: at most {LARGEST >> 20} MiB are read")
