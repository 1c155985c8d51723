"""Manifests made of a few lines, and what they resolve to."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

import pytest

from pkgs.errors import ResolveError
from pkgs.manifest.load import load_manifest
from pkgs.manifest.model import Manifest
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector
from pkgs.platforms import Platform

LINUX = Platform("linux", "amd64")
TODAY = dt.date(2026, 3, 7)


def fields_of(manifest: Manifest) -> dict[str, object]:
    """Return all that a manifest says, to be compared with what another says."""
    return {field.name: getattr(manifest, field.name) for field in fields(manifest)}


def manifest_of(text: str, name: str = "tool") -> Manifest:
    """Return the manifest that ``text`` says, after a description."""
    return load_manifest(f'description = "A tool"\n{text}', name=name, path=f"{name}.hcl")


def package_of(
    text: str,
    selector: str = "tool",
    platform: Platform = LINUX,
    places: Places | None = None,
    today: dt.date | None = TODAY,
) -> Package:
    """Return what ``selector`` means in ``text``, with binaries and a source unless it has its own."""
    manifest = manifest_of(_completed(text))
    parsed = GlobSelector.parse(selector)
    return resolve(manifest, parsed, platform, places or Places.symbolic(), today=today)


def refusal_of(text: str, selector: str = "tool", platform: Platform = LINUX) -> ResolveError:
    """Return the error of resolving; see :func:`package_of`."""
    with pytest.raises(ResolveError) as caught:
        package_of(text, selector, platform)
    return caught.value


_ATTRIBUTES = {"binaries": '["tool"]', "source": '"https://example.org/tool-${version}.tar.gz"'}


def _completed(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    for attribute, value in _ATTRIBUTES.items():
        if not any(line.startswith(f"{attribute} =") for line in lines):
            text = f"{attribute} = {value}\n{text}"
    return text
