"""The environments that scenarios start from: path → text, or for archives the members' texts."""

from __future__ import annotations

from tests.support.scenarios import Fixture

SOURCES = 'sources = ["env:///packages"]\n'


def script(*lines: str) -> str:
    """Return a shell script."""
    return "".join(f"{line}\n" for line in ("#!/bin/sh", *lines))


def manifest(name: str, versions: str, more: str = "", *, file: str = "") -> str:
    """Return the manifest of a package with one file of its environment as the source, and no digest."""
    file = file or f"{name}.sh"
    quoted = " ".join(f'"{version}"' for version in versions.split())
    return (
        f'description = "Package {name}"\nsource = "${{env}}/packages/{file}"\n'
        f'binaries = ["{file if file.endswith(".sh") else name}"]\n{more}version {quoted} {{}}\n'
    )


# Both versions are the same bytes: what differs is the variable that the package sets.
TESTBIN1 = {"testbin1": script('echo "testbin1 ${TESTBIN1VERSION-}"')}
VERSIONED = 'env = { FOO: "bar", TESTBIN1VERSION: "${version}" }\n'

ONE: Fixture = {
    "bin/pkgs.hcl": SOURCES + 'env = {\n  "BAR": "waz",\n}\n',
    "packages/testbin1.tgz": TESTBIN1,
    "packages/testbin1.hcl": manifest(
        "testbin1",
        "1.0.0 1.0.1",
        VERSIONED + 'on install {\n  message { text = "testbin1-${version} hook" }\n}\n',
        file="testbin1.tgz",
    ),
}

TWO: Fixture = {
    "bin/pkgs.hcl": SOURCES + 'env = { TESTENV2: "yes" }\n',
    "packages/testbin1.tgz": TESTBIN1,
    "packages/testbin1.hcl": manifest("testbin1", "1.0.0 1.0.1", VERSIONED, file="testbin1.tgz"),
    "packages/testbin2": script('echo "testbin2 $TESTBIN2VERSION"'),
    "packages/testbin2.hcl": manifest(
        "testbin2", "2.0.0 2.0.1", 'env = { TESTBIN2VERSION: "${version}" }\n', file="testbin2"
    ),
    "packages/testbin3.foo": "not an archive at all\n",
    "packages/testbin3/testbin3": script('echo "testbin3 $TESTBIN3VERSION"'),
    "packages/testbin3.hcl": manifest(
        "testbin3",
        "3.0.0 3.0.1",
        'env = { TESTBIN3VERSION: "${version}" }\ndont-extract = true\non unpack {\n'
        '  copy { from = "testbin3/testbin3" to = "${root}/testbin3" mode = 0755 }\n}\n',
        file="testbin3.foo",
    ),
    "packages/testbin4": script(
        'echo "variable $TESTBIN1VERSION"', '"${TESTBIN4_ROOT}/testbin1"', "testbin1"
    ),
    "packages/testbin4.hcl": manifest(
        "testbin4",
        "4.0.0",
        'requires = ["testbin1"]\nenv = { "TESTBIN4_ROOT": "${HERMIT_BIN}" }\n',
        file="testbin4",
    ),
}

ACTIONS: Fixture = {
    "bin/pkgs.hcl": SOURCES,
    "packages/testbin1.tgz": TESTBIN1,
    "packages/testbin1.hcl": manifest(
        "testbin1",
        "1.0.0 1.0.1",
        VERSIONED + "on unpack {\n"
        '  mkdir { dir = "${root}/dir" }\n'
        '  symlink { from = "${root}/testbin1" to = "${root}/dir/testbin2" }\n}\n'
        'on exec {\n  // The sign that the hook ran.\n  mkdir { dir = "${env}/exec-hook-triggered" }\n}\n',
        file="testbin1.tgz",
    ).replace('["testbin1"]', '["testbin1", "dir/*"]'),
}

RUNTIME: Fixture = {
    "bin/pkgs.hcl": SOURCES + 'env = { BAR: "envbar" }\n',
    "packages/testbin1.sh": script('echo "FOO=$FOO BAR=$BAR"', "runtimedep.sh"),
    "packages/testbin1.hcl": manifest("testbin1", "1.0.0", 'runtime-dependencies = ["runtimedep-1.0.0"]\n'),
    "packages/runtimedep.sh": script("echo runtimedep runs"),
    "packages/runtimedep.hcl": manifest(
        "runtimedep", "1.0.0", 'env = { FOO: "runtimefoo", BAR: "runtimebar" }\n'
    ),
    "packages/other.sh": script("echo other"),
    "packages/other.hcl": manifest("other", "1.0.0", 'env = { FOO: "otherfoo" }\n'),
}


def _jdk(name: str) -> dict[str, str]:
    home = f'provides = ["jdk"]\nenv = {{ JAVA_HOME: "/java/{name}" }}\n'
    return {
        f"packages/{name}.sh": script(f"echo {name}"),
        f"packages/{name}.hcl": manifest(name, "1.0.0", home),
    }


VIRTUAL: Fixture = {
    "bin/pkgs.hcl": SOURCES,
    **_jdk("openjdk"),
    **_jdk("azuljdk"),
    "packages/consumer.sh": script('echo "JAVA_HOME=$JAVA_HOME"'),
    "packages/consumer.hcl": manifest("consumer", "1.0.0", 'runtime-dependencies = ["jdk"]\n'),
    "packages/gradle.sh": script("echo gradle"),
    "packages/gradle.hcl": manifest("gradle", "1.0.0", 'requires = ["jdk"]\n'),
}

OVERLAPPING: Fixture = {"bin/pkgs.hcl": "sources = []\nenv = { FOO: BAR }\n"}

PARENT: Fixture = {
    "bin/pkgs.hcl": SOURCES + "env = { OVERWRITTEN:parent, NOT_OVERWRITTEN:parent }\n",
    "packages/binary.sh": script("echo binary of the parent"),
    "packages/binary.hcl": manifest("binary", "1.0.0"),
    "packages/envprovider.sh": script("echo envprovider"),
    "packages/envprovider.hcl": manifest("envprovider", "1.0.0", 'env = { VARIABLE: "${version}" }\n'),
    "packages/parentbin.sh": script('echo "VARIABLE=$VARIABLE"'),
    "packages/parentbin.hcl": manifest("parentbin", "4.0.0", 'requires = ["envprovider"]\n'),
}

CHILD: Fixture = {
    "bin/pkgs.hcl": SOURCES + "inherit-parent = true\nenv = { OVERWRITTEN:child }\n",
    "packages/binary.sh": script("echo binary of the child"),
    "packages/binary.hcl": manifest("binary", "1.0.1"),
    "packages/envprovider.sh": script("echo envprovider"),
    "packages/envprovider.hcl": manifest("envprovider", "1.0.1", 'env = { VARIABLE: "${version}" }\n'),
}

LITERAL: Fixture = {
    "bin/pkgs.hcl": SOURCES + 'env = { "OWIE": "$${DONT_EXPAND_ME}" }\n',
    "packages/dollar.sh": script('echo "DOLLAR=$DOLLAR"'),
    "packages/dollar.hcl": manifest("dollar", "1.0.0", 'env = { DOLLAR: "$$FOO" }\n'),
}

ON_ACTIVATE: Fixture = {**ONE, "bin/pkgs.hcl": SOURCES + 'install-on-activate = ["testbin1"]\n'}

CHANNELS: Fixture = {
    **ONE,
    "packages/testbin1.hcl": ONE["packages/testbin1.hcl"]  # type: ignore[operator]
    + 'channel "stable" {\n  version = "1.0.0"\n  update = "24h"\n}\n',
}

# A package that is an environment of its own, with another version of a tool that the outer one has as well.
NESTING: Fixture = {
    "bin/pkgs.hcl": SOURCES,
    "packages/helper.sh": script("echo outer helper"),
    "packages/helper.hcl": manifest("helper", "2.0.0"),
    "packages/outer.sh": script("echo outer tool"),
    "packages/outer.hcl": manifest("outer", "1.0.0"),
    "packages/app.hcl": manifest("app", "1.0.0", 'env = { APP: "${root}" }\n', file="app"),
}
NESTED: Fixture = {
    "bin/pkgs.hcl": SOURCES,
    "app": script('echo "app in ${PKGS_ENV##*/}"', "helper.sh", "outer.sh"),
    "packages/helper.sh": script('echo "inner helper in $PKGS_ENV"'),
    "packages/helper.hcl": manifest("helper", "1.0.0"),
}

EMPTY: Fixture = {}
