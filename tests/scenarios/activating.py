"""Activating and deactivating, variables, prompts and the user's own functions."""

from __future__ import annotations

from tests.scenarios.fixtures import EMPTY, LITERAL, ONE, OVERLAPPING, TWO
from tests.support.scenarios import Scenario

HOOKS = """
pkgs_on_activate() { echo "on: $PKGS_ENV"; }
pkgs_on_deactivate() { echo "off: $PKGS_ENV"; }
"""

SCENARIOS = (
    Scenario(
        "activation sets PKGS_ENV",
        """
        pkgs init .
        . bin/activate-pkgs
        assert test -n "$PKGS_ENV"
        """,
    ),
    Scenario(
        "activation works in a path with spaces",
        """
        mkdir -p "Application Support/pkgs env"
        pkgs init "Application Support/pkgs env"
        . "Application Support/pkgs env/bin/activate-pkgs"
        assert test "$PKGS_ENV" = "$PWD/Application Support/pkgs env"
        """,
    ),
    Scenario(
        "a second activation does nothing",
        """
        pkgs init .
        . bin/activate-pkgs
        . bin/activate-pkgs
        """,
        shows=["This pkgs environment has already been activated. Skipping"],
    ),
    Scenario(
        "pkgs env NAME VALUE sets a variable at the next prompt",
        """
        pkgs init .
        . bin/activate-pkgs
        assert test -z "$(pkgs env FOO)"
        with-prompt-hooks pkgs env FOO bar
        assert test "${FOO:-}" = "bar"
        """,
        environments={".": ONE},
    ),
    Scenario(
        "the configuration's variables are set",
        'assert test "${BAR:-}" = "waz"',
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "deactivating removes PKGS_ENV",
        """
        deactivate-pkgs
        assert test -z "${PKGS_ENV:-}"
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "deactivating restores the user's variables",
        """
        export BAR="foo"
        . bin/activate-pkgs
        assert test "${BAR:-}" = "waz"
        deactivate-pkgs
        assert test "${BAR:-}" = "foo"
        """,
        environments={".": ONE},
    ),
    Scenario(
        "activating another environment switches to it",
        """
        . testenv1/bin/activate-pkgs
        assert test "${PKGS_ENV:-}" = "$PWD/testenv1"
        . testenv2/bin/activate-pkgs
        assert test "${PKGS_ENV:-}" = "$PWD/testenv2"
        """,
        environments={"testenv1": ONE, "testenv2": TWO},
    ),
    Scenario(
        "environments that set the same variable can be switched",
        """
        . env1/bin/activate-pkgs
        assert test "${FOO:-}" = "BAR"
        . env2/bin/activate-pkgs
        assert test "${FOO:-}" = "BAR"
        """,
        environments={"env1": OVERLAPPING, "env2": OVERLAPPING},
    ),
    Scenario(
        "doubled dollars are plain ones",
        """
        . bin/activate-pkgs
        assert test "$OWIE" = '${DONT_EXPAND_ME}'
        with-prompt-hooks pkgs install dollar
        assert test "$DOLLAR" = '$FOO'
        assert test "$(dollar.sh)" = 'DOLLAR=$FOO'
        """,
        environments={".": LITERAL},
    ),
    Scenario(
        "pkgs_on_activate is called",
        HOOKS + ". bin/activate-pkgs\n",
        environments={".": EMPTY},
        shows=["on: "],
    ),
    Scenario(
        "pkgs_on_deactivate is called",
        HOOKS + ". bin/activate-pkgs\ndeactivate-pkgs\n",
        environments={".": EMPTY},
        shows=["off: "],
    ),
    Scenario(
        "the user's functions see the environment",
        """
        pkgs_on_activate() { assert test "$PKGS_ENV" = "$PWD"; echo seen; }
        . bin/activate-pkgs
        """,
        environments={".": EMPTY},
        shows=["seen"],
    ),
    Scenario(
        "without functions of the user's, strict shells stay alive",
        """
        . bin/activate-pkgs
        deactivate-pkgs
        echo still alive
        """,
        environments={".": EMPTY},
        shows=["still alive"],
    ),
    Scenario(
        "switching calls the functions for each environment",
        """
        events=
        pkgs_on_activate() { events="$events on:${PKGS_ENV##*/}"; }
        pkgs_on_deactivate() { events="$events off:${PKGS_ENV##*/}"; }
        . env1/bin/activate-pkgs
        . env2/bin/activate-pkgs
        assert test "$events" = " on:env1 off:env1 on:env2"
        """,
        environments={"env1": EMPTY, "env2": EMPTY},
    ),
    Scenario(
        "the user's function may change variables and PATH",
        """
        pkgs_on_activate() { export MINE=yes PATH="/somewhere:$PATH"; }
        . bin/activate-pkgs
        assert test "$MINE" = yes
        case $PATH in /somewhere:*) ;; *) exit 1 ;; esac
        """,
        environments={".": EMPTY},
    ),
    Scenario(
        "the user's function may set variables when deactivating",
        """
        pkgs_on_deactivate() { export LEFT=yes; }
        . bin/activate-pkgs
        deactivate-pkgs
        assert test "$LEFT" = yes
        """,
        environments={".": EMPTY},
    ),
    Scenario(
        "PKGS_PREPEND_PATH comes first",
        """
        export PKGS_PREPEND_PATH="/first:/second"
        . bin/activate-pkgs
        case $PATH in "/first:/second:$PWD/bin:"*) ;; *) echo "$PATH"; exit 1 ;; esac
        """,
        environments={".": EMPTY},
    ),
    Scenario(
        "zsh puts the environment first again at the first prompt",
        """
        . bin/activate-pkgs
        PATH="/late:$PATH"
        prompt-hooks
        case $PATH in "$PWD/bin:"*/late:*) ;; *) echo "$PATH"; exit 1 ;; esac
        """,
        environments={".": EMPTY},
        shells=["zsh"],
    ),
    Scenario(
        "zsh keeps PKGS_PREPEND_PATH before the environment at the first prompt",
        """
        export PKGS_PREPEND_PATH="/first:/second"
        . bin/activate-pkgs
        PATH="/late:$PATH"
        prompt-hooks
        case $PATH in "/first:/second:$PWD/bin:"*/late:*) ;; *) echo "$PATH"; exit 1 ;; esac
        """,
        environments={".": EMPTY},
        shells=["zsh"],
    ),
    Scenario(
        "the hook may be called by name",
        """
        . bin/activate-pkgs
        pkgs env LATER yes
        update_pkgs_env
        assert test "$LATER" = yes
        deactivate-pkgs
        if command -v update_pkgs_env; then exit 1; fi
        """,
        environments={".": EMPTY},
    ),
)
