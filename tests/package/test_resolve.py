"""From a manifest and a selector to a package: what the public manifests do not exercise, and every error."""

from __future__ import annotations

import pytest

from pkgs.envops import Append, Prepend, Set, Unset
from pkgs.manifest.model import Chmod, Copy, Delete, Message, Mkdir, Rename, Run, Symlink
from pkgs.package.model import Origin, Places
from pkgs.package.resolve import Resolver, resolve, versions
from pkgs.package.selectors import ExactSelector, NameSelector, PrefixSelector, Selector
from pkgs.platforms import Platform
from pkgs.references import Reference
from tests.support.manifests import LINUX, TODAY, manifest_of, package_of, refusal_of

PLACES = Places(dest="/state/tool", env="/env", home="/home/me", state="/state")
A, B, C = ("a" * 64, "b" * 64, "c" * 64)
URL = "https://example.org/tool-1.tar.gz"


@pytest.mark.parametrize(
    ("default", "selector", "reference"),
    [
        ("1.0", "tool", "tool-1.0"),
        ("1.*", "tool", "tool-1.1"),
        ("@stable", "tool", "tool@stable"),
        ("@1", "tool", "tool@1"),
        ("1.0", "tool-2.0", "tool-2.0"),
        ("1.0", "tool@latest", "tool@latest"),
        ("stable", "tool", "tool-2.0"),  # no version, no channel: as good as none
    ],
)
def test_default_speaks_where_nothing_is_asked_for(default: str, selector: str, reference: str) -> None:
    text = f'''
      default = "{default}"
      version "1.0" "1.1" "2.0" {{}}
      channel stable {{ update = "1h" version = "1.0" }}
    '''

    assert str(package_of(text, selector).reference) == reference


def test_a_default_that_is_not_there_is_an_error() -> None:
    assert refusal_of('default = "3"\nversion "1" {}').kind == "unknown-version"
    assert refusal_of('default = "@x"\nversion "1" {}').kind == "unknown-channel"
    assert refusal_of('default = "[1"\nversion "1" {}').kind == "unknown-version"


@pytest.mark.parametrize(
    ("versions", "reference"),
    [
        (["1.0.1", "1.1.0", "1.0.0"], "tool-1.1.0"),
        (["2.0-rc1", "1.0"], "tool-1.0"),
        (["2.0-rc1", "2.0-rc2"], "tool-2.0-rc2"),
    ],
)
def test_a_bare_name_means_the_highest_release(versions: list[str], reference: str) -> None:
    text = "".join(f'version "{version}" {{}}\n' for version in versions)

    assert str(package_of(text).reference) == reference


def test_without_versions_a_bare_name_means_the_last_channel() -> None:
    text = 'source = "https://example.org/x"\nchannel b { update = "1h" }\nchannel a { update = "2h" }'
    package = package_of(text)

    assert (str(package.reference), package.update_seconds, package.version) == ("tool@a", 7200, "")
    assert str(package_of(text, "tool-*").reference) == "tool@a"


def test_a_declared_channel_keeps_its_layers_beside_a_made_one_of_its_name_but_not_its_interval() -> None:
    text = 'version "1.0" "1.1" {}\nchannel "1" { update = "5h" version = "1.0" test = "declared" }'
    package = package_of(text, "tool@1")

    assert (package.version, package.test, package.update_seconds) == ("1.0", "declared", 86400)


@pytest.mark.parametrize(
    ("selector", "reference"),
    [
        (ExactSelector(Reference("tool", version="1.0")), "tool-1.0"),
        (ExactSelector(Reference("tool", channel="1")), "tool@1"),
        (NameSelector("tool"), "tool-2.0"),
        (PrefixSelector(Reference("tool", version="1")), "tool-1.1"),
    ],
)
def test_every_kind_of_selector_resolves(selector: Selector, reference: str) -> None:
    manifest = manifest_of('binaries = ["x"]\nsource = "y"\nversion "1.0" "1.1" "2.0" {}')

    assert str(resolve(manifest, selector, LINUX, PLACES, today=TODAY).reference) == reference


@pytest.mark.parametrize(
    ("text", "selector", "kind", "said", "hint"),
    [
        ('version "1.0.0" "1.2" {}', "tool@1.0.0", "unknown-channel", "tool@1.0.0", "tool-1.0.0"),
        ('version "1.0.0" {}', "tool@1.0.1", "unknown-channel", "tool@1.0.1", "@1.0, @1"),
        ('version "1.2.3" "1.2.4" "2.0" {}', "tool-1.2.9", "unknown-version", "1.2.9", "1.2.4, 1.2.3"),
        ('version "1.2.3" "2.0" {}', "tool-9", "unknown-version", "tool-9", "tool-2.0"),
        ('channel edge { update = "1h" }', "tool-9", "unknown-version", "tool-9", "@edge"),
        ("", "tool", "unknown-version", "tool", "no versions and no channels"),
        ('version "21" {}', "tool@latest", "channel-without-version", "21.*", "tool-21"),
        ('version "1" {}\nbinaries = []', "tool", "no-binaries", "tool-1", "binaries"),
        (
            'version "1" {}\nsource = ""\ndarwin { source = "x" }',
            "tool",
            "no-source",
            "linux-amd64",
            "darwin-arm64",
        ),
        ('version "1" {}\ntest = "$PK"', "tool", "unknown-variable", "test: unknown variable $PK", "PK"),
        ('version "1" {}\ntest = "$vresion"', "tool", "unknown-variable", "$vresion", "${version}"),
        (
            'channel edge { update = "1h" test = "$version" }\nsource = "x"',
            "tool",
            "channel-without-version",
            "$version",
            "range",
        ),
        (
            'version "1" {}\nvars = { a: "$b", b: "$a" }\ntest = "$a"',
            "tool",
            "endless-variable",
            "a → b → a",
            "vars",
        ),
        (
            'version "1" {}\nvars = { a: "x$a" }\nenv = { X: "$a" }',
            "tool",
            "endless-variable",
            "env.X",
            "vars",
        ),
        (
            'version "1" {}\nenv = { "EVIL; touch /tmp/x; X": "1" }',
            "tool",
            "invalid-env",
            "EVIL; touch",
            "letters",
        ),
        (
            'version "1" {}\non unpack { chmod { mode = 1 file = "x" } }',
            "tool",
            "relative-path",
            "on unpack: chmod: 'x'",
            "${root}",
        ),
        (
            'version "1" {}\non exec { run { cmd = "/x" dir = "y" } }',
            "tool",
            "relative-path",
            "'y'",
            "${root}",
        ),
        (
            'version "1" {}\non exec { delete { files = ["/x", "y"] } }',
            "tool",
            "relative-path",
            "'y'",
            "${root}",
        ),
    ],
)
def test_an_error_names_the_file_what_is_wrong_and_a_way_on(
    text: str, selector: str, kind: str, said: str, hint: str
) -> None:
    error = refusal_of(text, selector)

    assert error.kind == kind
    assert error.message.startswith("tool.hcl: ")
    assert said in error.message
    assert hint in error.hint


def test_every_attribute_that_is_expanded_is() -> None:
    text = """
      dest = "/opt/$name"
      root = "${dest}/$os"
      test = "$root -v"
      binaries = ["$arch/*"]
      requires = ["need-$xarch"]
      provides = ["p-${MM}-${DD}"]
      source = "https://example.org/${version}/${YYYY}"
      sha256-source = "${HOME}/sum"
      mirrors = ["https://mirror.example.org/$version"]
      apps = ["$name.app"]
      runtime-dependencies = ["dep-1.$x"]
      files = { "a.txt": "${env}/$foo", "$name": "$$" }
      version "1" {}
    """
    package = package_of(text, places=PLACES)

    assert (package.dest, package.root, package.test) == (
        "/opt/tool",
        "/opt/tool/linux",
        "/opt/tool/linux -v",
    )
    assert (package.binaries, package.requires, package.provides) == (
        ("amd64/*",),
        ("need-x86_64",),
        ("p-03-07",),
    )
    assert (package.source, package.sha256_source) == ("https://example.org/1/2026", "/home/me/sum")
    assert package.mirrors == ("https://mirror.example.org/1",)
    assert (package.apps, package.runtime_dependencies) == (("$name.app",), ("dep-1.$x",))
    assert package.files == {"a.txt": "/env/foo", "$name": "$"}


def test_built_in_variables_win_over_vars_of_their_name() -> None:
    text = """
      vars = { os: "beos", name: "other", version: "9", mine: "m" }
      test = "$os $name $version $mine"
      version "1" {}
    """

    assert package_of(text).test == "linux tool 1 m"


def test_the_version_of_a_channel_is_the_highest_that_its_glob_matches() -> None:
    text = """
      dest = "/test-${version}"
      version "1.0.0" "1.0.1" "1.1.0" {}
      channel c { update = "1h" version = "1.0.*" }
    """
    package = package_of(text, "tool@c")

    assert (package.dest, package.root, str(package.reference)) == ("/test-1.0.1", "/test-1.0.1", "tool@c")


def test_places_with_a_dollar_sign_are_taken_as_they_are() -> None:
    places = Places(dest="/a$b/${c}", env="/$env", home="/h", state="/s")
    text = 'test = "$dest $env $root"\nenv = { X: "${root}/x" }\nversion "1" {}'
    package = package_of(text, places=places)

    assert package.test == "/a$b/${c} /$env /a$b/${c}"
    assert package.env == (Set("X", "/a$$b/$${c}/x"),)  # one more expansion follows when it is applied


def test_env_becomes_operations_sorted_by_name_within_a_layer() -> None:
    text = """
      env = {
        SET: "${root}/x",
        PREPEND: "${root}/bin:${PREPEND}",
        PREPEND2: "$root/bin:more:$PREPEND2",
        APPEND: "${APPEND}:/x:/y",
        APPEND2: "$APPEND2:/x",
        UNSET: "",
        DEFER: "${GOBIN}/$$x",
        OTHER: "/x:${PATHS}"
      }
      version "1" { env = { A: "last" } }
    """

    assert package_of(text).env == (
        Append("APPEND", "/x:/y"),
        Append("APPEND2", "/x"),
        Set("DEFER", "${GOBIN}/$$x"),
        Set("OTHER", "/x:${PATHS}"),
        Prepend("PREPEND", "${dest}/bin"),
        Prepend("PREPEND2", "${dest}/bin:more"),
        Set("SET", "${dest}/x"),
        Unset("UNSET"),
        Set("A", "last"),
    )


def test_every_action_of_every_event_is_expanded_in_order() -> None:
    text = """
      on unpack {
        rename { from = "${root}/a" to = "${root}/b" }
        delete { files = ["${root}/$os"] recursive = true }
        chmod { mode = 0755 file = "${dest}/x" }
        run { cmd = "/bin/sh -c" args = ["$version"] dir = "${root}" env = ["A=$os"] stdin = "$os" }
        copy { from = "tool/$os" to = "${root}/c" mode = 0644 }
        mkdir { dir = "${env}/d" }
        symlink { from = "$os" to = "link" }
        message { text = "$name $$" }
      }
      on install { message { text = "installed" } }
      on uninstall { delete { files = [] } }
      on activate { mkdir { dir = "${HOME}/x" mode = 0700 } }
      on exec { message { text = "" } }
      version "1" { on unpack { message { text = "last" } } }
    """

    assert package_of(text).triggers == {
        "unpack": (
            Rename("${dest}/a", "${dest}/b"),
            Delete(("${dest}/linux",), recursive=True),
            Chmod(0o755, "${dest}/x"),
            Run("/bin/sh -c", ("1",), "${dest}", ("A=linux",), "$os"),
            Copy("tool/linux", "${dest}/c", 0o644),
            Mkdir("${env}/d", 0),
            Symlink("linux", "link"),
            Message("tool $"),
            Message("last"),
        ),
        "install": (Message("installed"),),
        "uninstall": (Delete(()),),
        "activate": (Mkdir("${HOME}/x", 0o700),),
        "exec": (Message(""),),
    }


@pytest.mark.parametrize(
    ("root", "version", "listed", "expected"),
    [
        (A, "", "", A),
        (A, "", B, B),  # the version's layer has none of its own, so the list speaks last
        (A, C, B, C),
        ("", "", B, B),
        ("", "", "", ""),
        (A, C, "", C),
    ],
)
def test_the_digest_is_that_of_the_last_layer_that_has_one(
    root: str, version: str, listed: str, expected: str
) -> None:
    text = f"""
      source = "https://example.org/tool-${{version}}.tar.gz"
      sha256 = "{root}"
      sha256sums = {{ "{URL}": "{listed}" }}
      version "1" {{ sha256 = "{version}" }}
    """

    assert package_of(_without_empty(text)).sha256 == expected


def _without_empty(text: str) -> str:
    return text.replace('sha256 = ""', "").replace(f'"{URL}": ""', "")


def test_a_key_of_the_list_is_a_literal_url() -> None:
    text = f'sha256sums = {{ "https://example.org/tool-${{version}}.tar.gz": "{A}" }}\nversion "1" {{}}'

    assert package_of(text).sha256 == ""


def test_alternatives_follow_the_source_each_with_its_own_digest_and_strip() -> None:
    text = f"""
      strip = 1
      alternative {{ source = "https://lost.example.org/x" }}
      sha256sums = {{ "{URL}": "{A}", "npm:@x/tool@1": "{B}" }}
      version "1" {{
        alternative {{ source = "npm:@x/tool@${{version}}" }}
        alternative {{ source = "pypi:tool==1" sha256 = "{C}" strip = 0 }}
      }}
    """

    assert package_of(text).origins == (
        Origin(URL, A, 1),
        Origin("npm:@x/tool@1", B, 1),
        Origin("pypi:tool==1", C, 0),
    )


@pytest.mark.parametrize(
    ("lines", "repository"),
    [
        ('source = "https://github.com/owner/repo/releases/x"', "https://github.com/owner/repo"),
        (
            'source = "https://github.com/owner/repo/x"\nrepository = "https://other.example"',
            "https://other.example",
        ),
        ('source = "https://github.com/cashapp/hermit-build/x"', ""),
        ('source = "https://github.com/owner"', ""),
        ('source = "https://example.org/owner/repo"', ""),
    ],
)
def test_the_repository_is_declared_or_inferred(lines: str, repository: str) -> None:
    assert package_of(f'{lines}\nversion "1" {{}}').repository == repository


def test_the_repository_of_auto_version_goes_before_that_of_the_source() -> None:
    text = """
      source = "https://github.com/a/b/x"
      version "1" {}
      version "2" { auto-version { github-release = "c/d" } }
    """

    assert package_of(text, "tool-1").repository == "https://github.com/c/d"


def test_core_platforms_without_a_source_are_listed() -> None:
    text = 'source = ""\nversion "1" {}\nlinux { source = "https://example.org/x" }'

    assert list(map(str, package_of(text).unsupported_platforms)) == ["darwin-amd64", "darwin-arm64"]


def test_versions_are_listed_oldest_first_with_repetitions() -> None:
    assert versions(manifest_of('version "1.10" "1.9" {}\nversion "1.9" "2.0-rc1" {}')) == (
        "2.0-rc1", "1.9", "1.9", "1.10",
    )  # fmt: skip


def test_of_a_version_that_is_listed_twice_the_first_block_counts() -> None:
    assert package_of('version "1" { test = "first" }\nversion "1" { test = "second" }').test == "first"


def test_a_resolver_answers_again_and_for_every_platform() -> None:
    resolver = Resolver(manifest_of('binaries = ["x"]\nsource = "$os-$arch"\nversion "1" {}'))
    sources = [
        resolver.resolve(NameSelector("tool"), platform, PLACES, today=None).source
        for platform in (LINUX, Platform("darwin", "arm64"), LINUX)
    ]

    assert sources == ["linux-amd64", "darwin-arm64", "linux-amd64"]
