"""Environments in places and states that they were not made in (hermit's it/full)."""

from __future__ import annotations

from tests.scenarios.fixtures import CHANNELS, ONE, RUNTIME
from tests.support.scenarios import Scenario

SCENARIOS = (
    Scenario(
        "init says nothing on standard output",
        """
        pkgs init . >out 2>/dev/null
        assert test ! -s out
        """,
    ),
    Scenario(
        "an environment is reached through a symbolic link",
        """
        ln -s real through
        . through/bin/activate-pkgs
        with-prompt-hooks pkgs install testbin1
        assert test "$TESTBIN1VERSION" = 1.0.1
        assert test "$(testbin1)" = "testbin1 1.0.1"
        assert test "$(real/bin/testbin1)" = "testbin1 1.0.1"
        """,
        environments={"real": ONE},
    ),
    Scenario(
        "the links of an environment work on an empty state directory",
        """
        pkgs install testbin1-1.0.0
        export PKGS_STATE_DIR="$PWD/empty"
        assert test "$(bin/testbin1)" = "testbin1 1.0.0"
        assert test "$(testbin1)" = "testbin1 1.0.0"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "a variable that was changed meanwhile is the user's",
        """
        export BAR=mine
        . bin/activate-pkgs
        BAR=later
        deactivate-pkgs
        assert test "$BAR" = later
        """,
        environments={".": ONE},
    ),
    Scenario(
        "uninstalling unsets variables at the next prompt",
        """
        with-prompt-hooks pkgs install testbin1
        assert test "$FOO" = bar
        with-prompt-hooks pkgs uninstall testbin1
        assert test -z "${FOO-}"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "help tells the commands of an environment without activation",
        "bin/pkgs --help",
        environments={".": ONE},
        shows=["install", "uninstall", "upgrade", "env"],
    ),
    Scenario(
        "a digest that is not the file's is refused with the right one",
        """
        pkgs manifest add-digests packages/testbin1.hcl
        zeros=000000000000000000000000000000000000000000000000000000000000
        sed -E 's/[0-9a-f]{60}"/'$zeros'"/' packages/testbin1.hcl >changed
        mv changed packages/testbin1.hcl
        pkgs install testbin1
        """,
        environments={".": ONE},
        activate=".",
        fails=True,
        shows=["should have been"],
    ),
    Scenario(
        "a channel is pinned as a channel",
        """
        pkgs install testbin1@stable
        assert test "$(readlink bin/testbin1)" = ".testbin1@stable.pkg"
        assert test "$(testbin1)" = "testbin1 1.0.0"
        pkgs install testbin1@1
        assert test "$(testbin1)" = "testbin1 1.0.1"
        if pkgs install testbin1@missing; then exit 1; fi
        assert test "$(readlink bin/testbin1)" = ".testbin1@1.pkg"
        """,
        environments={".": CHANNELS},
        activate=".",
        shows=["pkgs: error: "],
    ),
    Scenario(
        "a runtime dependency may be installed as well",
        """
        pkgs install testbin1
        assert test ! -e bin/runtimedep.sh
        pkgs install runtimedep
        assert test "$(runtimedep.sh)" = "runtimedep runs"
        pkgs uninstall runtimedep
        assert test "$(testbin1.sh)" = "FOO=runtimefoo BAR=envbar
        runtimedep runs"
        """,
        environments={".": RUNTIME},
        activate=".",
    ),
    Scenario(
        "values with quotes and spaces survive",
        """
        with-prompt-hooks pkgs env ODD '=test"value" and more'
        assert test "$ODD" = '=test"value" and more'
        """,
        environments={".": ONE},
        activate=".",
    ),
)
