"""From packages to artifacts."""

from __future__ import annotations

import pytest

from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.package.model import Origin, Package
from pkgs.references import Reference
from tests.artifact.conftest import LINUX


def _package(*origins: Origin, mirrors: tuple[str, ...] = ()) -> Package:
    return Package(
        reference=Reference.parse("go-1.2"),
        platform=LINUX,
        version="1.2",
        origins=origins,
        mirrors=mirrors,
        triggers={},
        files={},
    )


def test_each_origin_is_an_artifact_and_the_first_has_the_mirrors() -> None:
    digest = "AB" * 32
    package = _package(
        Origin("https://a.test/x", digest, 1), Origin("npm:x@1", "", 2), mirrors=("https://m.test/x",)
    )

    assert artifacts_of(package) == (
        Artifact("https://a.test/x", Digest("ab" * 32), strip=1, mirrors=("https://m.test/x",)),
        Artifact("npm:x@1", strip=2),
    )
    assert artifacts_of(_package()) == ()


def test_a_digest_that_is_none_names_the_package() -> None:
    with pytest.raises(FetchError, match=r"go-1\.2: 'abc' is not a SHA-256 digest"):
        artifacts_of(_package(Origin("https://a.test/x", "abc", 0)))
