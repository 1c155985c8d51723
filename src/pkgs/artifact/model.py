"""An artifact: bytes to be had from a URL, known by their digest."""

from __future__ import annotations

from dataclasses import dataclass

from pkgs.digests import Digest

# The source of a package that has nothing to fetch.
NOTHING = "/"
# How those URLs begin whose own client knows where they lead (pkgs.artifact.clients).
NPM, PYPI, OCI = "npm:", "pypi:", "oci://"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One origin of a package's bytes.

    ``url`` is ``https://…``, ``http://…``, ``file:…``, a git URL (``….git#tag``),
    ``npm:@scope/name@VERSION`` or ``pypi:name==VERSION``;
    ``mirrors`` are other URLs of the *same* bytes. ``digest`` is None when nobody has
    recorded one (trust on first use), ``size`` (bytes) when it is unknown. ``strip`` is the number of leading
    path parts dropped when the archive is unpacked. ``commit`` is what pins a git repository: no digest does.
    """

    url: str
    digest: Digest | None = None
    size: int | None = None
    strip: int = 0
    mirrors: tuple[str, ...] = ()
    commit: str = ""

    @property
    def pinned(self) -> bool:
        """Whether it is known which bytes these are: by digest, by commit, or because there are none."""
        return self.digest is not None or bool(self.commit) or self.url == NOTHING
