"""Installing, upgrading and calling tools."""

from __future__ import annotations

from tests.scenarios.fixtures import ACTIONS, ON_ACTIVATE, ONE, TWO
from tests.support.scenarios import Scenario

SCENARIOS = (
    Scenario(
        "a package's variables are set at the next prompt",
        """
        assert test -z "$(pkgs env FOO)"
        with-prompt-hooks pkgs install testbin1
        assert test "${FOO:-}" = "bar"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "installing makes links, and another version moves them",
        """
        assert test ! -L bin/testbin1

        pkgs install testbin1-1.0.1
        assert test "$(readlink bin/testbin1)" = ".testbin1-1.0.1.pkg"
        assert test "$(readlink bin/.testbin1-1.0.1.pkg)" = "pkgs"

        pkgs install testbin1-1.0.0
        assert test "$(readlink bin/testbin1)" = ".testbin1-1.0.0.pkg"
        assert test "$(readlink bin/.testbin1-1.0.0.pkg)" = "pkgs"
        assert test ! -L bin/.testbin1-1.0.1.pkg
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "uninstalling removes the links",
        """
        pkgs install testbin1-1.0.1
        assert test "$(readlink bin/testbin1)" = ".testbin1-1.0.1.pkg"
        pkgs uninstall testbin1
        assert test ! -L bin/testbin1
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "an older version can be installed over a newer one",
        """
        pkgs install testbin1-1.0.1
        assert test "$(testbin1)" = "testbin1 1.0.1"
        pkgs install testbin1-1.0.0
        assert test "$(testbin1)" = "testbin1 1.0.0"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "upgrading",
        """
        pkgs install testbin1-1.0.0
        assert test "$(testbin1)" = "testbin1 1.0.0"
        pkgs upgrade testbin1
        assert test "$(testbin1)" = "testbin1 1.0.1"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "variables follow the installed version",
        """
        with-prompt-hooks pkgs install testbin1-1.0.0
        assert test "${TESTBIN1VERSION:-}" = "1.0.0"
        with-prompt-hooks pkgs install testbin1-1.0.1
        assert test "${TESTBIN1VERSION:-}" = "1.0.1"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "installing nothing new succeeds",
        "pkgs install",
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "a tool of another environment runs",
        """
        testenv2/bin/pkgs install testbin1
        . testenv1/bin/activate-pkgs
        assert test "$(./testenv2/bin/testbin1)" = "testbin1 1.0.1"
        """,
        environments={"testenv1": ONE, "testenv2": TWO},
    ),
    Scenario(
        "a tool of another environment sees that one's variables and tools",
        """
        . testenv1/bin/activate-pkgs
        with-prompt-hooks pkgs install testbin1-1.0.1
        assert test "$TESTBIN1VERSION" = "1.0.1"
        ./testenv2/bin/pkgs install testbin1-1.0.0
        ./testenv2/bin/pkgs install testbin4
        ./testenv2/bin/testbin4 >result
        cat result
        assert test "$(cat result)" = "variable 1.0.0
        testbin1 1.0.0
        testbin1 1.0.0"
        """,
        environments={"testenv1": ONE, "testenv2": TWO},
    ),
    Scenario(
        "a requirement that came by itself can be moved to another version",
        """
        testenv2/bin/pkgs install testbin4
        testenv2/bin/pkgs install testbin1-1.0.0
        . testenv1/bin/activate-pkgs
        pkgs install testbin1-1.0.1
        assert test "$(./testenv2/bin/testbin4)" = "variable 1.0.0
        testbin1 1.0.0
        testbin1 1.0.0"
        """,
        environments={"testenv1": ONE, "testenv2": TWO},
    ),
    Scenario(
        "a package and a version of what it requires are installed together",
        """
        pkgs install testbin4 testbin1-1.0.0
        assert test "$(readlink bin/testbin1)" = ".testbin1-1.0.0.pkg"
        """,
        environments={".": TWO},
        activate=".",
    ),
    Scenario(
        "pkgs of another environment tells that one's variables",
        """
        testenv2/bin/pkgs install testbin1
        . testenv1/bin/activate-pkgs
        assert test "$(testenv2/bin/pkgs env TESTENV2)" = "yes"
        """,
        environments={"testenv1": ONE, "testenv2": TWO},
    ),
    Scenario(
        "a package may be a bare script",
        """
        pkgs install testbin2
        assert test "$(testbin2)" = "testbin2 2.0.1"
        """,
        environments={".": TWO},
        activate=".",
    ),
    Scenario(
        "a file that is not extracted may be replaced by one from the source",
        """
        pkgs install testbin3
        assert test "$(testbin3)" = "testbin3 3.0.1"
        """,
        environments={".": TWO},
        activate=".",
    ),
    Scenario(
        "the install trigger speaks on install and on upgrade",
        """
        pkgs install testbin1-1.0.0
        pkgs upgrade testbin1
        """,
        environments={".": ONE},
        activate=".",
        shows=["testbin1-1.0.0 hook", "testbin1-1.0.1 hook"],
    ),
    Scenario(
        "triggers make links and directories",
        """
        pkgs install testbin1
        assert test ! -e exec-hook-triggered
        assert test "$(bin/testbin2)" = "testbin1 1.0.1"
        assert test -d exec-hook-triggered
        """,
        environments={".": ACTIONS},
        activate=".",
    ),
    Scenario(
        "a bundle holds executables",
        """
        pkgs install testbin1
        pkgs bundle bundled
        assert test -x bundled/bin/testbin1
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "install-on-activate makes its packages present again",
        """
        with-prompt-hooks pkgs install testbin1
        pkgs clean --packages
        . bin/activate-pkgs
        found=no
        for tool in "$PKGS_STATE_DIR"/trees/*/testbin1; do [ ! -x "$tool" ] || found=yes; done
        assert test "$found" = yes
        """,
        environments={".": ON_ACTIVATE},
        activate=".",
    ),
)
