"""Making environments, and pkgs itself."""

from __future__ import annotations

from tests.scenarios.fixtures import EMPTY, ONE
from tests.support.scenarios import Scenario

DEFAULTS = """\
defaults {
  sources = ["source1", "source2"]
  manage-git = false
  idea = true
}
"""

SCENARIOS = (
    Scenario(
        "the pkgs on the PATH is the one under test",
        """
        command -v pkgs
        pkgs --version
        """,
        shows=["/pkgs-local/pkgs", "pkgs 0.1.0"],
    ),
    Scenario(
        "init",
        "pkgs init --idea .",
        shows=["Creating new pkgs environment"],
        files=["bin/pkgs", "bin/activate-pkgs", "bin/pkgs.hcl", ".idea/externalDependencies.xml"],
    ),
    Scenario(
        "a malicious name of an environment is not executed",
        """
        dir='$(printf PWNED>RCE.txt)'
        mkdir -- "$dir"
        pkgs init "$dir"
        PS1='test> '
        . "$dir/bin/activate-pkgs"
        assert test ! -e RCE.txt
        prompt-hooks
        printf 'prompt=%s\n' "$PS1"
        assert test ! -e RCE.txt
        """,
        user_config='prompt = "env"\n',
        shows=["prompt=__printf PWNED_RCE.txt_🐚"],
    ),
    Scenario(
        "init manages git unless told otherwise",
        """
        pkgs init .
        assert test -f bin/pkgs.hcl
        if grep manage-git bin/pkgs.hcl; then exit 1; fi
        """,
        user_config=None,
    ),
    Scenario(
        "init with an empty user configuration manages git",
        """
        pkgs init .
        if grep manage-git bin/pkgs.hcl; then exit 1; fi
        """,
    ),
    Scenario(
        "init copies the defaults of the user configuration",
        """
        pkgs init .
        assert grep 'sources = \\["source1", "source2"\\]' bin/pkgs.hcl
        assert grep 'manage-git = false' bin/pkgs.hcl
        assert grep 'idea = true' bin/pkgs.hcl
        """,
        user_config=DEFAULTS,
    ),
    Scenario(
        "no-git and idea at the top of the user configuration beat its defaults",
        """
        pkgs init .
        assert grep 'manage-git = false' bin/pkgs.hcl
        assert grep 'idea = true' bin/pkgs.hcl
        """,
        user_config="no-git = true\nidea = true\ndefaults {\n  manage-git = true\n  idea = false\n}\n",
        files=[".idea/externalDependencies.xml"],
    ),
    Scenario(
        "the command line beats the defaults of the user configuration",
        """
        pkgs init --sources source3,source4 --idea .
        assert grep 'sources = \\["source3", "source4"\\]' bin/pkgs.hcl
        assert grep 'manage-git = false' bin/pkgs.hcl
        assert grep 'idea = true' bin/pkgs.hcl
        """,
        user_config=DEFAULTS.replace("idea = true", "idea = false"),
    ),
    Scenario(
        "sources on the command line replace those of the user configuration",
        """
        pkgs init --sources source3 .
        assert grep source3 bin/pkgs.hcl
        if grep source1 bin/pkgs.hcl; then exit 1; fi
        """,
        user_config=DEFAULTS,
    ),
    Scenario(
        "adding digests to a manifest",
        """
        pkgs manifest add-digests packages/testbin1.hcl
        digest=$(sha256sum packages/testbin1.tgz || shasum -a 256 packages/testbin1.tgz)
        assert grep "${digest%% *}" packages/testbin1.hcl
        """,
        environments={".": ONE},
        activate=".",
    ),
    Scenario(
        "an environment without the script for fish is valid",
        """
        rm bin/activate-pkgs.fish
        pkgs validate env .
        """,
        environments={".": EMPTY},
        activate=".",
    ),
)
