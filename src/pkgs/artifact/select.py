"""From a package to its artifacts."""

from __future__ import annotations

from pkgs.artifact.model import Artifact
from pkgs.digests import Digest
from pkgs.errors import FetchError, PkgsError
from pkgs.package.model import Origin, Package


def artifacts_of(package: Package) -> tuple[Artifact, ...]:
    """Return the package's artifacts, one an origin, in the order they are to be tried.

    The package's mirrors are mirrors of its source, so they belong to the first. Raises :class:`FetchError`
    for a digest that is none.
    """
    return tuple(_artifact(package, number, origin) for number, origin in enumerate(package.origins))


def _artifact(package: Package, number: int, origin: Origin) -> Artifact:
    try:
        digest = Digest.parse(origin.sha256) if origin.sha256 else None
    except PkgsError as error:
        raise FetchError(f"{package.reference}: {error.message}", error.hint) from error
    mirrors = package.mirrors if number == 0 else ()
    return Artifact(origin.source, digest, strip=origin.strip, mirrors=mirrors)
