"""Packages that need others, and environments that inherit from others."""

from __future__ import annotations

from tests.scenarios.fixtures import CHILD, NESTED, NESTING, PARENT, RUNTIME, VIRTUAL
from tests.support.scenarios import Scenario

SCENARIOS = (
    Scenario(
        "a runtime dependency's variables beat unrelated packages', the configuration's beat both",
        """
        pkgs install other testbin1
        assert test "$(testbin1.sh)" = "FOO=runtimefoo BAR=envbar
        runtimedep runs"
        assert test ! -e bin/runtimedep.sh
        """,
        environments={".": RUNTIME},
        activate=".",
    ),
    Scenario(
        "a virtual runtime dependency is whoever provides it",
        """
        pkgs install openjdk
        pkgs install consumer
        assert test "$(consumer.sh)" = "JAVA_HOME=/java/openjdk"
        """,
        environments={".": VIRTUAL},
        activate=".",
    ),
    Scenario(
        "a virtual runtime dependency is the provider that is installed",
        """
        pkgs install azuljdk
        pkgs install consumer
        assert test "$(consumer.sh)" = "JAVA_HOME=/java/azuljdk"
        """,
        environments={".": VIRTUAL},
        activate=".",
    ),
    Scenario(
        "a virtual runtime dependency that nobody installed provides is an error",
        "pkgs install consumer",
        environments={".": VIRTUAL},
        activate=".",
        fails=True,
        shows=["jdk"],
    ),
    Scenario(
        "a virtual requirement is met by what is installed together with it",
        """
        pkgs install openjdk gradle
        assert test "$(readlink bin/gradle.sh)" = .gradle-1.0.0.pkg
        assert test "$(readlink bin/openjdk.sh)" = .openjdk-1.0.0.pkg
        """,
        environments={".": VIRTUAL},
        activate=".",
    ),
    Scenario(
        "a virtual requirement takes the provider that was asked for",
        """
        pkgs install azuljdk gradle
        assert test -L bin/azuljdk.sh
        assert test ! -L bin/openjdk.sh
        """,
        environments={".": VIRTUAL},
        activate=".",
    ),
    Scenario(
        "a virtual requirement with several providers is an error",
        "pkgs install gradle",
        environments={".": VIRTUAL},
        activate=".",
        fails=True,
        shows=["multiple packages satisfy"],
    ),
    Scenario(
        "an environment inherits the variables of the one above",
        """
        . child/bin/activate-pkgs
        assert test "$OVERWRITTEN" = child
        assert test "$NOT_OVERWRITTEN" = parent
        """,
        environments={".": PARENT, "child": CHILD},
    ),
    Scenario(
        "an environment inherits tools until it has its own",
        """
        pkgs install binary
        . child/bin/activate-pkgs
        assert test "$(binary.sh)" = "binary of the parent"
        pkgs install binary
        assert test "$(binary.sh)" = "binary of the child"
        """,
        environments={".": PARENT, "child": CHILD},
        activate=".",
    ),
    Scenario(
        "an inherited tool sees the variables of its own environment",
        """
        pkgs install envprovider-1.0.0
        pkgs install parentbin
        ./child/bin/pkgs install envprovider-1.0.1
        . child/bin/activate-pkgs
        assert test "$VARIABLE" = 1.0.1
        assert test "$(parentbin.sh)" = "VARIABLE=1.0.0"
        """,
        environments={".": PARENT, "child": CHILD},
        activate=".",
    ),
    Scenario(
        "a package that is an environment itself uses its own tools",
        """
        ./packages/app/bin/pkgs install helper
        pkgs install helper outer app
        root="$(pkgs env APP)"
        assert test -x "$root/bin/helper.sh"
        for again in first planned; do
          assert test "$(app)" = "app in root
        inner helper in $root
        outer tool"
          assert test "$(helper.sh)" = "outer helper"
        done
        deactivate-pkgs
        assert test "$(bin/app)" = "app in root
        inner helper in $root
        outer tool"
        """,
        environments={".": NESTING, "packages/app": NESTED},
        activate=".",
    ),
)
