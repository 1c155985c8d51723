"""What else has to be there: requirements, virtual packages, runtime dependencies and their conflicts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pkgs.errors import ResolveError
from pkgs.manifest.model import Manifest
from pkgs.package.dependencies import Lookup, close_requires, close_runtime, providers_of
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector, Selector
from tests.support.manifests import LINUX, manifest_of

TEXTS = {
    "openjdk": 'provides = ["jdk", "jre"]',
    "azuljdk": 'provides = ["jdk"]',
    "gradle": 'requires = ["jdk"]',
    "ant": 'requires = ["jre"]',
    "plain": "",
    "pinned": 'requires = ["plain-1.*"]',
    "exact": 'requires = ["plain-1.0"]',
    "channel": 'requires = ["plain@1"]',
    "chain": 'requires = ["pinned", "ant"]',
    "ring": 'requires = ["gnir"]',
    "gnir": 'requires = ["ring"]',
    "lost": 'requires = ["nowhere"]',
    "ffmpeg": "",
    "media": 'provides = ["ffmpeg"]',
    "film": 'requires = ["ffmpeg"]',
    "app": 'runtime-dependencies = ["lib-1.0", "plain@1"]',
    "lib": 'binaries = ["bin/lib"]\nruntime-dependencies = ["base-1.1"]',
    "base": 'binaries = ["bin/base"]',
    "virtual": 'runtime-dependencies = ["jdk"]',
    "loop": 'runtime-dependencies = ["pool-1.0"]',
    "pool": 'runtime-dependencies = ["loop-1.0"]',
    "entry": 'runtime-dependencies = ["loop-1.0"]',
    "self": 'runtime-dependencies = ["self-1.0"]',
    "torn": 'runtime-dependencies = ["base-1.0", "lib-1.0"]',
    "same": 'binaries = ["other/base"]',
    "clash": 'runtime-dependencies = ["base-1.0", "same-1.0"]',
    "gone": 'runtime-dependencies = ["base-9"]',
}


def manifest(name: str, body: str) -> Manifest:
    binaries = "" if "binaries =" in body else f'binaries = ["{name}"]\n'
    return manifest_of(
        f'{binaries}source = "https://example.org/{name}"\n{body}\nversion "1.0" "1.1" {{}}', name
    )


MANIFESTS = {name: manifest(name, body) for name, body in TEXTS.items()}


def find(selector: Selector) -> Package:
    if selector.name not in MANIFESTS:
        raise ResolveError("unknown-package", selector.text)
    return resolve(MANIFESTS[selector.name], selector, LINUX, Places.symbolic(), today=None)


LOOKUP = Lookup(find, MANIFESTS.__contains__, lambda name: providers_of(name, MANIFESTS.values()))


def packages(*selectors: str) -> list[Package]:
    return [find(GlobSelector.parse(selector)) for selector in selectors]


def names(found: Sequence[Package]) -> list[str]:
    return [str(package.reference) for package in found]


@pytest.mark.parametrize(
    ("selection", "installed", "closed"),
    [
        (["plain"], [], ["plain-1.1"]),
        (["ant"], [], ["ant-1.1", "openjdk-1.1"]),  # the only one that provides jre
        (["gradle", "openjdk"], [], ["gradle-1.1", "openjdk-1.1"]),
        (["azuljdk", "gradle"], [], ["azuljdk-1.1", "gradle-1.1"]),
        (["azuljdk", "openjdk", "gradle"], [], ["azuljdk-1.1", "openjdk-1.1", "gradle-1.1"]),
        (["gradle"], ["azuljdk-1.0"], ["gradle-1.1"]),
        (["pinned"], [], ["pinned-1.1", "plain-1.1"]),
        (["exact"], [], ["exact-1.1", "plain-1.0"]),
        (["channel"], [], ["channel-1.1", "plain@1"]),
        (["channel"], ["plain@1"], ["channel-1.1"]),
        (["pinned"], ["plain-1.0"], ["pinned-1.1"]),
        (["exact", "plain-1.0"], ["plain-1.1"], ["exact-1.1", "plain-1.0"]),  # the new one replaces the old
        (["chain"], [], ["chain-1.1", "pinned-1.1", "ant-1.1", "plain-1.1", "openjdk-1.1"]),
        (["ring"], [], ["ring-1.1", "gnir-1.1"]),
        (["film"], [], ["film-1.1", "ffmpeg-1.1"]),  # the real one, whoever else provides the name
        (["film"], ["media-1.0"], ["film-1.1"]),
        ([], ["plain"], []),
    ],
)
def test_requirements_are_met_by_what_is_selected_installed_named_or_provided(
    selection: list[str], installed: list[str], closed: list[str]
) -> None:
    assert names(close_requires(packages(*selection), packages(*installed), LOOKUP)) == closed


@pytest.mark.parametrize(
    ("selection", "installed", "kind", "said"),
    [
        (
            "gradle",
            [],
            "ambiguous-provider",
            "multiple packages satisfy jdk, which gradle-1.1 requires: azuljdk, openjdk",
        ),
        ("lost", [], "unknown-package", "lost-1.1 requires nowhere"),
        ("exact", ["plain-1.1"], "dependency-conflict", "requires plain-1.0, but plain-1.1 is there"),
        ("channel", ["plain-1.1"], "dependency-conflict", "plain-1.1"),
    ],
)
def test_requirements_that_cannot_be_met_are_named(
    selection: str, installed: list[str], kind: str, said: str
) -> None:
    with pytest.raises(ResolveError) as caught:
        close_requires(packages(selection), packages(*installed), LOOKUP)

    assert caught.value.kind == kind
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "installed", "closed"),
    [
        ("plain", [], []),
        ("app", [], ["lib-1.0", "base-1.1", "plain@1"]),
        ("virtual", ["azuljdk-1.0"], ["azuljdk-1.0"]),
        ("virtual", ["plain", "openjdk", "azuljdk"], ["azuljdk-1.1"]),
    ],
)
def test_runtime_dependencies_are_followed(name: str, installed: list[str], closed: list[str]) -> None:
    (package,) = packages(name)

    assert names(close_runtime(package, packages(*installed), LOOKUP)) == closed


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("entry", "dependency-cycle", "loop-1.0 → pool-1.0 → loop-1.0"),
        ("self-1.0", "dependency-cycle", "self-1.0 → self-1.0"),
        ("torn", "dependency-conflict", "torn-1.1 needs two versions at run time: base-1.0 and base-1.1"),
        (
            "clash",
            "dependency-conflict",
            "conflicting binary base in two runtime dependencies: base-1.0 and same-1.0",
        ),
        ("virtual", "missing-dependency", "virtual-1.1 needs jdk"),
        ("gone", "unknown-version", "base-9"),
    ],
)
def test_runtime_dependencies_that_do_not_go_together_are_named(name: str, kind: str, said: str) -> None:
    (package,) = packages(name)

    with pytest.raises(ResolveError) as caught:
        close_runtime(package, [], LOOKUP)

    assert caught.value.kind == kind
    assert said in caught.value.message
    assert caught.value.hint


def test_a_missing_virtual_dependency_names_who_provides_it() -> None:
    (package,) = packages("virtual")

    with pytest.raises(ResolveError) as caught:
        close_runtime(package, [], LOOKUP)

    assert "azuljdk, openjdk" in caught.value.hint


def test_providers_are_sorted_and_only_those_that_say_so() -> None:
    assert providers_of("jdk", MANIFESTS.values()) == ("azuljdk", "openjdk")
    assert providers_of("plain", MANIFESTS.values()) == ()
