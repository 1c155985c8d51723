"""Checks: what must agree between the parts of a manifest, beyond what each part may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkgs.errors import UsageError
from pkgs.globs import Glob
from pkgs.manifest.bodies import Raw
from pkgs.manifest.faults import Fault
from pkgs.manifest.schema import ManifestBody


def channel_faults(raw: Raw, body: ManifestBody) -> Iterator[Fault]:
    """Yield declared channels whose version glob is none, or matches no declared version.

    Source: hermit, manifest/resolver.go:781-794; channels that hermit makes up itself are not checked.
    """
    versions = {version for block in body.version for version in block.version}
    for channel, raw_channel in zip(body.channel, raw.get("channel", ()), strict=True):
        if channel.version is not None:
            line = raw_channel.lines["version"]
            yield from _glob_faults(channel.name, channel.version, versions, line)


def _glob_faults(channel: str, text: str, versions: Iterable[str], line: int) -> Iterator[Fault]:
    try:
        glob = Glob.compile(text)
    except UsageError as error:
        yield Fault(line, f"@{channel}: invalid glob: {error.message}")
        return
    if not any(glob.matches(version) for version in versions):
        yield Fault(line, f"@{channel}: no version found matching {text}")
