"""Which parts of a manifest apply to a platform, in which order, and what they say together."""

from __future__ import annotations

import pytest

from pkgs.package.labels import label_matches
from pkgs.platforms import Platform
from tests.support.manifests import LINUX, package_of
from tests.support.timing import assert_cheap

MAC = Platform("darwin", "arm64")


@pytest.mark.parametrize(
    ("label", "platform", "matches"),
    [
        ("linux", LINUX, True),
        ("darwin", LINUX, False),
        ("arm", MAC, True),
        ("win", MAC, True),
        ("linux-amd64", LINUX, True),
        ("amd64-linux", LINUX, False),
        ("^arm$", MAC, False),
        ("(darwin|linux)-amd64", LINUX, True),
        ("(darwin|linux)-amd64", MAC, False),
        ("(?i)LINUX", LINUX, True),
        ("", LINUX, True),
        ("(", LINUX, True),
        ("(?=darwin)", LINUX, True),  # Go knows no look-ahead, and a bad label does not count
    ],
)
def test_a_label_is_a_regular_expression_found_anywhere(
    label: str, platform: Platform, matches: bool
) -> None:
    assert label_matches(label, platform) is matches


def test_an_exploding_label_takes_no_time() -> None:
    def matched() -> None:
        assert not label_matches("(.*)(.*)(.*)" * 20 + "((a*)*)*y$", LINUX)

    assert_cheap(matched, 10)


def test_all_labels_of_a_platform_block_must_match() -> None:
    text = 'version "1" {}\nplatform linux arm { test = "arm" }\nplatform linux "amd64" { test = "amd" }'

    assert package_of(text).test == "amd"
    assert package_of(text, platform=Platform("linux", "arm64")).test == "arm"


def test_the_order_is_root_system_platform_version_its_system_its_platform() -> None:
    text = """
      platform linux { env = { A: "3" } }
      linux { env = { A: "2" } }
      env = { A: "1" }
      version "1" {
        platform linux { env = { A: "6" } }
        linux { env = { A: "5" } }
        env = { A: "4" }
      }
    """

    assert [getattr(each, "value", "") for each in package_of(text).env] == ["1", "2", "3", "4", "5", "6"]


def test_a_channels_layers_come_after_those_of_the_version_it_follows() -> None:
    text = """
      binaries = ["root"]
      version "1.0" { binaries = ["old"] }
      version "1.1" { binaries = ["new"] }
      channel stable {
        update = "5h"
        version = "1.*"
        binaries = ["channel"]
        linux { binaries = ["channel-linux"] }
      }
    """
    package = package_of(text, "tool@stable")

    assert package.binaries == ("root", "new", "channel", "channel-linux")
    assert (str(package.reference), package.version, package.update_seconds) == ("tool@stable", "1.1", 18000)


def test_arch_narrows_a_system_block_and_only_names_the_arch_elsewhere() -> None:
    text = """
      version "1" {}
      linux { arch = "arm64" test = "narrowed" }
      platform linux { arch = "mips" }
    """
    package = package_of(text)

    assert (package.test, package.arch) == ("", "mips")
    assert package_of(text, platform=Platform("linux", "arm64")).test == "narrowed"


def test_a_layer_inside_a_platform_layer_is_ignored() -> None:
    text = 'version "1" {}\nlinux { platform linux { test = "deep" } linux { test = "deeper" } }'

    assert package_of(text).test == ""


def test_scalars_lists_maps_and_flags_merge_each_in_their_own_way() -> None:
    text = """
      requires = ["a"]
      provides = ["p"]
      apps = ["A.app"]
      runtime-dependencies = ["r-1"]
      strip = 2
      test = "test"
      mutable = true
      dont-extract = true
      mirrors = ["m1", "m2"]
      vars = { x: "root", y: "root" }
      linux {
        requires = ["b", "a"]
        provides = ["q-${x}"]
        apps = ["B.app"]
        runtime-dependencies = ["s@1"]
        strip = 0
        test = ""
        mutable = false
        dont-extract = false
        mirrors = ["m3"]
        vars = { x: "linux" }
      }
      version "1" {}
    """
    package = package_of(text)

    assert package.requires == ("a", "b", "a")
    assert package.provides == ("p", "q-linux")
    assert package.apps == ("A.app", "B.app")
    assert package.runtime_dependencies == ("r-1", "s@1")
    assert (package.strip, package.test, package.mirrors) == (2, "", ("m3",))
    assert (package.mutable, package.dont_extract) == (True, True)
