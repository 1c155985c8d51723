"""What a user types, what links name, and which versions and channels are meant by it."""

from __future__ import annotations

import pytest

from pkgs.errors import UsageError
from pkgs.package.selectors import ExactSelector, GlobSelector, NameSelector, PrefixSelector, Selector
from pkgs.references import Reference
from pkgs.versions import Version


@pytest.mark.parametrize(
    ("text", "name", "glob", "channel"),
    [
        ("foo", "foo", None, ""),
        ("foo-1.2", "foo", "1.2", ""),
        ("foo-bar-1.*", "foo-bar", "1.*", ""),
        ("foo2bar-1.2", "foo2bar", "1.2", ""),
        ("foo-*.[4-9].3", "foo", "*.[4-9].3", ""),
        ("foo-{1,2}.3", "foo", "{1,2}.3", ""),
        ("foo@bar", "foo", None, "bar"),
        ("foo@1-2", "foo", None, "1-2"),
        ("foo@", "foo", None, ""),
        ("foo-bar", "foo-bar", None, ""),
        ("foo-Latest", "foo-Latest", None, ""),
        ("foo-1@2", "foo", "1@2", ""),
        ("a-2b-1.0", "a", "2b-1.0", ""),
    ],
)
def test_a_selector_is_a_name_and_a_glob_or_channel(
    text: str, name: str, glob: str | None, channel: str
) -> None:
    selector = GlobSelector.parse(text)

    assert (selector.name, selector.glob and selector.glob.text, selector.channel) == (name, glob, channel)
    assert selector.qualified is bool(glob or channel)


def test_a_bad_glob_is_refused() -> None:
    with pytest.raises(UsageError, match="bracket"):
        GlobSelector.parse("foo-[1")


GLOB = GlobSelector.parse


@pytest.mark.parametrize(
    ("selector", "version", "taken"),
    [
        (GLOB("foo-1.3"), "1.3", True),
        (GLOB("foo-1.3"), "1.3.3", False),
        (GLOB("foo-1.*"), "1.3-rc1", True),
        (GLOB("foo"), "1.3", True),
        (GLOB("foo@1"), "1", False),
        (ExactSelector(Reference("foo", version="1.3")), "1.3", True),
        (ExactSelector(Reference("foo", version="1.3")), "1.3.3", False),
        (ExactSelector(Reference("foo", channel="1.3")), "1.3", False),
        (NameSelector("foo"), "9", True),
        (PrefixSelector(Reference("foo", version="1.3")), "1.3.3", True),
        (PrefixSelector(Reference("foo", version="1.3")), "1.33", False),
        (PrefixSelector(Reference("foo", version="1-rc")), "1.3-rc", True),
        (PrefixSelector(Reference("foo", channel="1")), "1", False),
    ],
)
def test_versions_taken(selector: Selector, version: str, taken: bool) -> None:
    assert selector.takes_version(Version.parse(version)) is taken


@pytest.mark.parametrize(
    ("selector", "channel", "taken"),
    [
        (GLOB("foo@bar"), "bar", True),
        (GLOB("foo@bar"), "barn", False),
        (GLOB("foo"), "bar", True),
        (GLOB("foo-*"), "bar", True),  # the empty version of a channel matches
        (GLOB("foo-1.*"), "1", False),
        (ExactSelector(Reference("foo", channel="bar")), "bar", True),
        (ExactSelector(Reference("foo", version="1")), "1", False),
        (NameSelector("foo"), "bar", True),
        (PrefixSelector(Reference("foo", channel="bar")), "bar", True),
        (PrefixSelector(Reference("foo", version="1")), "1", False),
    ],
)
def test_channels_taken(selector: Selector, channel: str, taken: bool) -> None:
    assert selector.takes_channel(channel) is taken


@pytest.mark.parametrize(
    ("selector", "text", "qualified"),
    [
        (ExactSelector(Reference("foo", version="1")), "foo-1", True),
        (PrefixSelector(Reference("foo", channel="bar")), "foo@bar", True),
        (NameSelector("foo"), "foo", False),
    ],
)
def test_every_kind_knows_its_text(selector: Selector, text: str, qualified: bool) -> None:
    assert (selector.name, selector.text, selector.qualified) == ("foo", text, qualified)
