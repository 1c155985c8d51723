"""What a manifest says as values, and every way in which it can be wrong."""

from __future__ import annotations

import pytest

from pkgs.errors import ManifestError
from pkgs.manifest.load import LARGEST, decode_manifest, load_manifest
from pkgs.manifest.model import (
    Alternative,
    AutoVersion,
    Channel,
    Chmod,
    Copy,
    Delete,
    Layer,
    Manifest,
    Message,
    Mkdir,
    PlatformBlock,
    Rename,
    Run,
    Symlink,
    System,
    Trigger,
    VersionBlock,
)
from tests.support.manifests import fields_of
from tests.support.timing import assert_cheap

DIGEST = "0123456789abcdef" * 4


def load(text: str) -> Manifest:
    return load_manifest(text, name="tool", path="tool.hcl")


def refusal(text: str) -> str:
    """Return what is said about a manifest that starts with a description on line 1."""
    with pytest.raises(ManifestError) as caught:
        load(f'description = "d"\n{text}')
    return caught.value.message


def test_a_manifest_with_everything_in_it() -> None:
    manifest = load(
        f"""
        description = "A tool"
        default = "1.0" homepage = "h" repository = "r"
        arch = "amd64" binaries = ["bin/*"] apps = ["T.app"] rename = {{ a: b }} requires = ["jre"]
        runtime-dependencies = ["node-20"] provides = ["x"] dest = "d" root = "ro" files = {{ "f": "t" }}
        strip = 2 test = "" env = {{ "E": "1" }} vars = {{ "v": "1" }} source = "s" dont-extract = true
        mirrors = ["m"] sha256 = "{DIGEST}" sha256-source = "q" mutable = true
        alternative {{ source = "npm:x@1" }}
        alternative {{ source = "t" sha256 = "{DIGEST}" strip = 0 }}
        sha256sums = {{ "s": "{DIGEST.upper()}" }}
        linux {{ arch = arm64 source = "l" }}
        darwin {{ source = "m" }}
        platform linux "arm.*" {{ source = "p" }}
        version "1.0" "1.1" {{
          source = "vs"
          auto-version {{
            github-release = "o/t" git-tags = "g" version-pattern = "v(.*)" ignore-invalid-versions = true
            html {{ url = "u" xpath = "x" css = "c" }}
            json {{ url = "j" jq = "." }}
          }}
        }}
        channel stable {{ update = "5h30m" version = "1.*" }}
        channel "tip" {{ update = "0.5s" }}
        """
    )
    said = Manifest(
        name="tool",
        path="tool.hcl",
        description="A tool",
        default="1.0",
        homepage="h",
        repository="r",
        layer=Layer(
            arch="amd64",
            binaries=("bin/*",),
            apps=("T.app",),
            rename={"a": "b"},
            requires=("jre",),
            runtime_dependencies=("node-20",),
            provides=("x",),
            dest="d",
            root="ro",
            files={"f": "t"},
            strip=2,
            test="",
            env={"E": "1"},
            vars={"v": "1"},
            source="s",
            alternatives=(Alternative("npm:x@1"), Alternative("t", DIGEST, 0)),
            dont_extract=True,
            mirrors=("m",),
            sha256=DIGEST,
            sha256_source="q",
            mutable=True,
            systems=(System("linux", Layer(arch="arm64", source="l")), System("darwin", Layer(source="m"))),
            platforms=(PlatformBlock(("linux", "arm.*"), Layer(source="p")),),
        ),
        sha256sums={"s": DIGEST.upper()},
        versions=(
            VersionBlock(
                ("1.0", "1.1"),
                Layer(source="vs"),
                AutoVersion(
                    github_release="o/t",
                    git_tags="g",
                    html_url="u",
                    html_xpath="x",
                    html_css="c",
                    json_url="j",
                    json_jq=".",
                    version_pattern="v(.*)",
                    ignore_invalid_versions=True,
                ),
            ),
        ),
        channels=(Channel("stable", 19800, "1.*", Layer()), Channel("tip", 0.5, None, Layer())),
    )
    assert fields_of(manifest) == fields_of(said)


def test_actions_keep_their_source_order_across_kinds() -> None:
    manifest = load(
        """
        description = "d"
        on unpack {
          message { text = "1" }
          rename { from = "2" to = "b" }
          message { text = "3" } delete { files = ["4"] }
          chmod { file = "5" mode = 0755 }
          rename { from = "6" to = "b" }
          run { cmd = "7" args = ["a"] dir = "d" env = ["E=1"] stdin = "i" }
          copy { from = "8" to = "b" mode = 0600 }
          mkdir { dir = "9" }
          symlink { from = "10" to = "b" }
          delete { files = ["11"] recursive = true }
        }
        on "install" {}
        on unpack { message { text = "12" } }
        """
    )
    assert manifest.layer.triggers == (
        Trigger(
            "unpack",
            (
                Message("1"),
                Rename("2", "b"),
                Message("3"),
                Delete(("4",)),
                Chmod(0o755, "5"),
                Rename("6", "b"),
                Run("7", ("a",), "d", ("E=1",), "i"),
                Copy("8", "b", 0o600),
                Mkdir("9"),
                Symlink("10", "b"),
                Delete(("11",), recursive=True),
            ),
        ),
        Trigger("install", ()),
        Trigger("unpack", (Message("12"),)),
    )


def test_layers_nest_to_any_depth() -> None:
    inner = "source = s on unpack { message { text = t } }"
    for block in ("darwin", "platform amd64", "linux", "version v", "platform arm64", "linux"):
        inner = f"{block} {{ {inner} }}"
    manifest = load(f'description = "d" {inner.replace("version v", "darwin")}')
    layer, path = manifest.layer, []
    while layer.systems or layer.platforms:
        path += [item.os for item in layer.systems] + [item.labels for item in layer.platforms]
        layer = (*[item.layer for item in layer.systems], *[item.layer for item in layer.platforms])[0]
    assert path == ["linux", ("arm64",), "darwin", "linux", ("amd64",), "darwin"]
    assert layer == Layer(source="s", triggers=(Trigger("unpack", (Message("t"),)),))
    assert refusal(f"darwin {{ {inner} }}") == 'tool.hcl:2: unknown block "version"'


def test_a_manifest_cannot_be_changed() -> None:
    manifest = load('description = "d" vars = { a: b }')
    with pytest.raises(TypeError):
        manifest.layer.vars["a"] = "c"  # type: ignore[index]


def test_a_heredoc_is_a_string() -> None:
    assert load("description = <<-EOF\n    a\n    b\n  EOF\n").description == "a\nb"


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ('version "1" { version = 5 }', Layer()),
        ('platform "amd64" { attr = 5 }', Layer()),
        ('on "unpack" { event {} }', Layer()),
        ('channel "c" { update = "1h" name = [] }', Layer()),
    ],
)
def test_an_attribute_named_like_its_blocks_label_is_ignored(text: str, layer: Layer) -> None:
    manifest = load(f'description = "d"\n{text}')
    layers = [block.layer for block in manifest.versions]
    layers += [block.layer for block in manifest.layer.platforms]
    layers += [channel.layer for channel in manifest.channels]
    assert layers == [layer] * len(layers)


def test_equal_versions_are_accepted() -> None:
    manifest = load('description = "d"\nversion "1" "1" { strip = 1 }\nversion "1" { strip = 2 }')
    assert [block.layer.strip for block in manifest.versions] == [1, 2]


def test_a_digest_behind_a_colon_is_kept_as_hermit_keeps_it() -> None:
    assert load(f'description = "d" sha256sums = {{ "u": ":{DIGEST}" }}').sha256sums == {"u": f":{DIGEST}"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strip = [", '2: "[" is never closed'),
        ('channel "c" {\n}', '2: missing required attribute "update"'),
        ('on "unpack" {\n\n rename {\n  to = "x"\n }\n}', '4: missing required attribute "from"'),
        (
            'version "1" {\n auto-version {\n  html { css = "x" }\n }\n}',
            '4: missing required attribute "url"',
        ),
        ('version "1" {\n auto-version {\n  json { url = "x" }\n }\n}', '4: missing required attribute "jq"'),
        ("alternative {}", '2: missing required attribute "source"'),
        ("\nsorce = 1", '3: unknown attribute "sorce" (did you mean "source"?)'),
        ("qqqq {}", '2: unknown block "qqqq"'),
        ("plaform {}", '2: unknown block "plaform" (did you mean "platform"?)'),
        ('version "1" {\n  foo = 1\n}', '3: unknown attribute "foo"'),
        ('version "1" {\n  homepage = "x"\n}', '3: unknown attribute "homepage"'),
        ("on unpack {\n remane {}\n}", '3: unknown block "remane" (did you mean "rename"?)'),
        ("strip = 1\nstrip = 2", '3: "strip" is given twice, first on line 2'),
        ('description = "e"', '2: "description" is given twice, first on line 1'),
        (
            'version "1" {\n auto-version {}\n auto-version {}\n}',
            '4: "auto-version" is given twice, first on line 3',
        ),
        ("strip {}", '2: expected an attribute for "strip" but got a block'),
        ("platform = 1", '2: expected a block for "platform" but got an attribute'),
        ("darwin = {}", '2: expected a block for "darwin" but got an attribute'),
        ('source = "x"\nsource {}', '3: expected an attribute for "source" but got a block'),
        ("source = 1", '2: "source": expected a string but got 1'),
        ("source = true", '2: "source": expected a string but got true'),
        ('source = ["x"]', '2: "source": expected a string but got a list'),
        ('strip = "1"', '2: "strip": expected a whole number but got "1"'),
        ("strip = 1.5", '2: "strip": expected a whole number but got 1.5'),
        ("strip = true", '2: "strip": expected a whole number but got true'),
        ('mutable = "true"', '2: "mutable": expected true or false but got "true"'),
        ('binaries = "x"', '2: "binaries": expected a list but got "x"'),
        ("binaries = [\n1]", '2: "binaries": expected a string but got 1'),
        ("env = []", '2: "env": expected a map but got a list'),
        ("env = {\n A: 1\n}", '3: "A": expected a string but got 1'),
        ("mutable\nstrip = 1", '2: expected = and a value after "mutable"'),
        ("version {}", '2: missing label "version" after "version"'),
        ('channel { update = "1h" }', '2: missing label "name" after "channel"'),
        ("platform {}", '2: missing label "attr" after "platform"'),
        ("on {}", '2: missing label "event" after "on"'),
        ('channel a b { update = "1h" }', '2: too many labels for block "channel"'),
        ("on unpack install {}", '2: too many labels for block "on"'),
        ("darwin arm64 {}", '2: too many labels for block "darwin"'),
        (
            "on unpak {}",
            (
                '2: invalid event "unpak" (did you mean "unpack"?); '
                "known: unpack, install, uninstall, activate, exec"
            ),
        ),
        (
            'channel a {\n update = "1d"\n}',
            '3: "update": invalid duration "1d": write one like 24h or 5h30m',
        ),
        ("channel a { update = 24 }", '2: "update": a duration is a string, like "24h"'),
        (
            'channel a {\n update = "1h"\n version = "[1"\n}\nversion "1" {}',
            (
                "4: @a: invalid glob: the glob '[1' has a bracket that is not closed "
                "after its characters or its one range"
            ),
        ),
        (
            'channel a {\n update = "1h"\n version = "2.*"\n}\nversion "1.0" {}',
            "4: @a: no version found matching 2.*",
        ),
        ('sha256 = "abc"', '2: "sha256": "abc" is not a SHA-256 digest: it must be 64 hexadecimal digits'),
        (
            f'sha256sums = {{\n "u": "{DIGEST}",\n "v": "{DIGEST[1:]}g",\n}}',
            f'4: "v": "{(DIGEST[1:] + "g")[:59]}… is not a SHA-256 digest: it must be 64 hexadecimal digits',
        ),
        ('alternative { source = "a" sha256 = "" }', None),
        ('version "a/b" {}', '2: "version": "a/b" cannot be part of a file name'),
        ('channel "../x" { update = "1h" }', '2: "name": "../x" cannot be part of a file name'),
        ('version "" {}', '2: "version": "" cannot be part of a file name'),
        ("strip = -1", '2: "strip": Input should be greater than or equal to 0'),
        ("on unpack { chmod { file = x mode = 99999 } }", None),
    ],
)
def test_each_fault_is_told_with_its_line(text: str, message: str | None) -> None:
    told = refusal(text)
    if message is not None:
        assert told == f"tool.hcl:{message}"
    assert told.startswith("tool.hcl:2: ") or message


def test_a_missing_description_is_told() -> None:
    with pytest.raises(ManifestError, match=r'^tool\.hcl:1: missing required attribute "description"$'):
        load("")


def test_all_faults_of_a_file_are_told_in_line_order() -> None:
    assert refusal(
        'channel "a" { updat = "1h" }\n'
        'sha256 = "x"\n'
        "platform {\n  strip = no\n  foo {}\n}\n"
        "on nothing {\n  run { args = 1 }\n}\n"
    ).splitlines() == [
        'tool.hcl:2: missing required attribute "update"',
        'tool.hcl:2: unknown attribute "updat" (did you mean "update"?)',
        'tool.hcl:3: "sha256": "x" is not a SHA-256 digest: it must be 64 hexadecimal digits',
        'tool.hcl:4: missing label "attr" after "platform"',
        'tool.hcl:5: "strip": expected a whole number but got "no"',
        'tool.hcl:6: unknown block "foo"',
        'tool.hcl:8: invalid event "nothing"; known: unpack, install, uninstall, activate, exec',
        'tool.hcl:9: "args": expected a list but got 1',
        'tool.hcl:9: missing required attribute "cmd"',
    ]


def test_very_many_faults_are_not_all_told() -> None:
    told = refusal("".join(f"x{index} = 1\n" for index in range(200))).splitlines()
    assert len(told) == 51
    assert told[-1] == "tool.hcl: and 150 more faults"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * (LARGEST + 1), "tool.hcl: too large for a manifest: at most 4 MiB are read"),
        ("a\n\0", "tool.hcl:2: there is a NUL character in the text"),
        ("a\n'\ud800'", "tool.hcl:2: there is half a character in the text: it is not UTF-8"),
        ("a = 1\n" * 30_000, "tool.hcl:4001: more than 12000 words up to here: not a manifest"),
        ("\na " * 5_900, None),
        ("a=b " * 3_900, None),
        ("a{} " * 3_900, None),
        ("a = {" + "b:c," * 2_900 + "}", None),
        ("a " * 200_000, "tool.hcl:1: more than 100000 words: not a manifest"),
        ('a "b" ' * 40_000, None),
        ("a {" * 20_000, "tool.hcl:1: nested more than 64 deep"),
        ("a = [" + "1," * 5_500 + "}", "tool.hcl:1: unexpected }"),
        ("a = <<E\n" + "\n" * 4_000_000, None),
        ("a = <<E\n" + " E1\n" * 1_000_000, None),
        ("a = '" + "\\\\" * 2_000_000, None),
        ("/*/" * 1_000_000, None),
        ("//" * 2_000_000, None),
        ("-" * 4_000_000, None),
        ("a-" * 2_000_000, None),
        ("9" * 4_000_000, None),
        ("sha256sums = {\n" + '"a": "b",\n' * 400_000, None),
        ("\n" * 4_000_000 + "?", "tool.hcl:4000001: unexpected '?'"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_hostile_texts_are_refused_quickly(text: str, message: str | None) -> None:
    load('description = "the parser is made"')

    def refused() -> None:
        with pytest.raises(ManifestError) as caught:
            load(text)
        assert message is None or caught.value.message == message

    assert_cheap(refused, 100)


def test_bytes_are_decoded_or_refused() -> None:
    assert decode_manifest("a = 'é'".encode(), path="t.hcl") == "a = 'é'"
    with pytest.raises(ManifestError, match=r"^t\.hcl:2: this is not UTF-8 text$"):
        decode_manifest(b"a = 1\nb = '\xff'", path="t.hcl")
    with pytest.raises(ManifestError, match=r"^t\.hcl: too large for a manifest"):
        decode_manifest(bytes(100 << 20), path="t.hcl")
