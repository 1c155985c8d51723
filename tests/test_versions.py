"""How versions are read and ordered, oddities included."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.versions import Version, highest, sort

TEXTS = st.text(alphabet="0123456789abrc.-_+", max_size=12)
NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=4)
RELEASES = NUMBERS.map(lambda parts: ".".join(map(str, parts)))
VERSIONS = st.tuples(RELEASES, st.sampled_from(["", "-rc", "-beta"]), st.sampled_from(["", "+m"])).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "components", "prerelease", "metadata"),
    [
        ("1.2.3", ("1", "2", "3"), (), ""),
        ("1.14rc2", ("1", "14"), ("rc2",), ""),
        ("1.5.1-kotlin.3", ("1", "5", "1"), ("kotlin", "3"), ""),
        ("1.2.3-beta_4+build.7", ("1", "2", "3"), ("beta", "4"), "build.7"),
        ("11.0.10_9", ("11", "0", "10", "9"), (), ""),
        ("17.0.1+12", ("17", "0", "1"), (), "12"),
        ("1..2_", ("1", "2"), (), ""),
        ("1.2-3", ("1", "2-3"), (), ""),
        ("r1234", ("r1234",), (), ""),
        ("cli-2.8.0", ("cli-2", "8", "0"), (), ""),
        ("10.0.0-20211020+f3a37dd2", ("10", "0", "0-20211020+f3a37dd2"), (), ""),
        ("", (), (), ""),
    ],
)
def test_a_version_is_read_in_parts(
    text: str, components: tuple[str, ...], prerelease: tuple[str, ...], metadata: str
) -> None:
    version = Version.parse(text)

    assert (version.components, version.prerelease, version.metadata) == (components, prerelease, metadata)
    assert str(version) == text


@pytest.mark.parametrize(
    ("text", "clean", "major", "major_minor"),
    [
        ("1.2.3", "1.2.3", "1", "1.2"),
        ("1.5.1-kotlin.3", "1.5.1", "1-kotlin.3", "1.5-kotlin.3"),
        ("1.14rc2", "1.14", "1-rc2", "1.14-rc2"),
        ("17.0.1_12+m", "17.0.1_12", "17+m", "17.0+m"),
        ("21", "21", "21", "21"),
        ("r1234", "r1234", "r1234", "r1234"),
        ("cli-2.8.0", "cli-2.8.0", "cli-2", "cli-2.8"),
    ],
)
def test_shorter_forms_keep_prerelease_and_metadata(
    text: str, clean: str, major: str, major_minor: str
) -> None:
    version = Version.parse(text)

    assert (str(version.clean()), str(version.major()), str(version.major_minor())) == (
        clean,
        major,
        major_minor,
    )


def test_every_prerelease_is_below_every_release() -> None:
    texts = ["1.13.5", "1.14rc2", "1.13", "1.13rc3", "1.13.4"]

    assert list(map(str, sort(map(Version.parse, texts)))) == [
        "1.13rc3",
        "1.14rc2",
        "1.13",
        "1.13.4",
        "1.13.5",
    ]


@pytest.mark.parametrize(
    ("less", "greater"),
    [
        ("1.9", "1.10"),
        ("1.2", "1.2.0"),
        ("1.0-alpha.9", "1.0-alpha.10"),
        ("1.0-alpha", "1.0-alpha.1"),
        ("1.a", "1.b"),
        ("9223372036854775808.1", "99.1"),  # beyond 64 bits text is compared: "92…" < "99"
        ("cli-1.9.0", "cli-1.10.0"),
    ],
)
def test_the_greater_of_two(less: str, greater: str) -> None:
    assert Version.parse(less).compare(Version.parse(greater)) < 0
    assert Version.parse(greater).compare(Version.parse(less)) > 0


def test_metadata_does_not_order_and_the_first_of_equals_is_highest() -> None:
    versions = [Version.parse(text) for text in ("1.0+b", "1.0+a", "0.9")]

    assert versions[0].compare(versions[1]) == 0
    assert highest(versions) is versions[0]
    assert highest([]) is None


@pytest.mark.parametrize(
    ("prefix", "text", "covered"),
    [
        ("1.2", "1.2.3", True),
        ("1.2", "1.20", False),
        ("1", "1.2-rc.1", True),
        ("1-rc", "1.2-rc.1", True),
        ("1-rc", "1.2", False),
        ("1.2.3", "1.2", False),
        ("1.2+m", "1.2.3+m", True),
        ("1.2+m", "1.2.3", False),
    ],
)
def test_a_version_covers_the_more_specific(prefix: str, text: str, covered: bool) -> None:
    assert Version.parse(prefix).covers(Version.parse(text)) is covered


@given(TEXTS, TEXTS)
def test_any_two_texts_compare_and_turning_them_round_turns_the_order_round(left: str, right: str) -> None:
    a, b = Version.parse(left), Version.parse(right)

    order = a.compare(b)

    assert (order > 0) == (b.compare(a) < 0)
    assert (order == 0) == (b.compare(a) == 0)
    assert a.compare(a) == 0


@given(st.lists(VERSIONS, min_size=3, max_size=6))
def test_versions_of_numbers_are_in_one_line(texts: list[str]) -> None:
    for a, b, c in itertools.permutations(map(Version.parse, texts), 3):
        if a.compare(b) <= 0 and b.compare(c) <= 0:
            assert a.compare(c) <= 0


@given(st.lists(VERSIONS, min_size=1, max_size=8))
def test_the_highest_is_the_last_when_sorted(texts: list[str]) -> None:
    versions = list(map(Version.parse, texts))
    best = highest(versions)

    assert best is not None
    assert best.compare(sort(versions)[-1]) == 0
