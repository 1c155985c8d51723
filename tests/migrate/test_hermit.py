"""Migrating environments of hermit, laid out as public repositories have them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgs.environment.config import read_config
from pkgs.platforms import Platform
from pkgs.references import Reference
from tests.support.hermits import LAYOUTS, NEWEST, Hermits, Layout, publish
from tests.support.isolation import WITHOUT_POWERS
from tests.support.project import Run

HERMIT_FILES = {"hermit", "activate-hermit", "activate-hermit.fish", "hermit.hcl"}
PKGS_FILES = {"pkgs", "activate-pkgs", "activate-pkgs.fish", "pkgs.hcl", "pkgs.lock"}
SMALL = LAYOUTS[2]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.name)
def hermits(request: pytest.FixtureRequest, tmp_path: Path) -> Hermits:
    """Return a repository of each layout."""
    return Hermits.make(tmp_path, request.param)


@pytest.fixture
def small(tmp_path: Path) -> Hermits:
    """Return a repository that pins deno and go."""
    return Hermits.make(tmp_path, SMALL)


@dataclass(frozen=True, slots=True)
class Migrated:
    """A repository that has been migrated: what the command said, and what was there before and after."""

    hermits: Hermits
    done: Run
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def known() -> dict[str, Migrated]:
    """Return the repositories that have been migrated by now, by layout."""
    return {}


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.name)
def migrated(
    request: pytest.FixtureRequest, known: dict[str, Migrated], tmp_path_factory: pytest.TempPathFactory
) -> Migrated:
    """Return a migrated repository of each layout, for tests that leave it as it is."""
    layout = request.param
    if layout.name not in known:
        hermits = Hermits.make(tmp_path_factory.mktemp("migrated"), layout)
        before = hermits.snapshot()
        done = hermits.pkgs("migrate", *where(hermits))
        known[layout.name] = Migrated(hermits, done, before, hermits.snapshot())
    return known[layout.name]


def where(hermits: Hermits) -> list[str]:
    """Return how to name an environment whose directory is not one of the usual."""
    return [hermits.layout.bin] if hermits.layout.bin == "tools" else []


def test_every_tool_runs_afterwards_and_nothing_else_changed(migrated: Migrated) -> None:
    hermits, before, after = migrated.hermits, migrated.before, migrated.after

    assert migrated.done.status == 0, migrated.done.err
    pins = {f"{hermits.layout.bin}/.{reference}.pkg" for reference in hermits.layout.pins}
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == pins
    assert {after[name] for name in pins} == {"pkgs"}
    assert after.keys() - before.keys() == {f"{hermits.layout.bin}/{name}" for name in PKGS_FILES}
    for reference, tools in hermits.layout.pins.items():
        version = Reference.parse(reference).version or NEWEST
        for tool in tools:
            assert hermits.run(str(hermits.bin / tool)).out == f"{tool} {version}\n"


def test_links_from_elsewhere_lead_to_the_tools(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, SMALL)
    hermits.pkgs("migrate")

    assert hermits.run("scripts/golang").out == "go 1.22.5\n"
    assert hermits.run("scripts/two").out == "go 1.22.5\n"


def test_the_lock_covers_every_pin_on_every_platform(migrated: Migrated) -> None:
    hermits = migrated.hermits

    packages = tomllib.loads((hermits.bin / "pkgs.lock").read_text())["package"]

    assert packages.keys() == hermits.layout.pins.keys()
    for entry in packages.values():
        assert entry[str(Platform.current())][0]["sha256"]
    assert hermits.pkgs("lock", "--check", PKGS_BIN=str(hermits.bin)).status == 0
    assert hermits.pkgs("install", "--frozen", PKGS_BIN=str(hermits.bin)).status == 0


def test_the_configuration_means_the_same(migrated: Migrated) -> None:
    ours, theirs = (migrated.hermits.bin / name for name in ("pkgs.hcl", "hermit.hcl"))

    assert read_config(ours) == read_config(theirs)
    assert ours.read_text() == theirs.read_text()


def test_check_changes_nothing_and_tells_the_same(hermits: Hermits) -> None:
    before = hermits.snapshot()

    told = hermits.pkgs("migrate", "--check", "--json", *where(hermits))

    assert hermits.snapshot() == before
    assert told.status == 0
    assert json.loads(told.out) == json.loads(hermits.pkgs("migrate", "--json", *where(hermits)).out)


def test_a_second_time_changes_nothing(migrated: Migrated) -> None:
    hermits = migrated.hermits
    before = hermits.snapshot()

    again = hermits.pkgs("migrate", *where(hermits))

    assert again.status == 0
    assert "nothing to change" in again.out
    assert hermits.snapshot() == before


def test_hermits_files_go_when_asked(small: Hermits) -> None:
    small.pkgs("migrate", "--remove-hermit")

    assert {path.name for path in small.bin.iterdir()} & HERMIT_FILES == set()
    again = small.pkgs("migrate", "--remove-hermit")
    assert again.status == 0
    assert "nothing to change" in again.out


def test_hermits_files_can_go_later(small: Hermits) -> None:
    small.pkgs("migrate")
    after = small.snapshot()

    done = small.pkgs("migrate", "--remove-hermit")

    gone = after.keys() - small.snapshot().keys()
    assert gone == {".hermit/bin/hermit", ".hermit/bin/activate-hermit", ".hermit/bin/hermit.hcl"}
    assert all(f"remove {small.root / name}\n" in done.out for name in gone)


def test_an_environment_beside_leaves_hermits_alone(hermits: Hermits) -> None:
    before = hermits.snapshot()

    done = hermits.pkgs("migrate", "--beside", ".pkgs", *where(hermits))

    assert done.status == 0, done.err
    after = hermits.snapshot()
    assert {name: after[name] for name in before} == before
    assert not any(name.startswith(".pkgs/bin/hermit") for name in after)
    for reference, tools in hermits.layout.pins.items():
        version = Reference.parse(reference).version or NEWEST
        assert hermits.run(f".pkgs/bin/{tools[0]}").out == f"{tools[0]} {version}\n"
    assert "nothing to change" in hermits.pkgs("migrate", "--beside", ".pkgs", *where(hermits)).out


def test_sources_below_the_environment_are_found_from_beside(tmp_path: Path) -> None:
    layout = Layout("own manifests", "bin", {"jq-1.7.1": ("jq",)}, config='sources = ["env:///manifests"]\n')
    hermits = Hermits.make(tmp_path, layout)
    hermits.manifests.rename(hermits.root / "manifests")

    done = hermits.pkgs("migrate", "--beside", ".pkgs")

    assert done.status == 0, done.err
    assert hermits.run(".pkgs/bin/jq").out == "jq 1.7.1\n"


def test_without_sources_hermits_own_are_written_down(tmp_path: Path) -> None:
    layout = Layout("silent", "bin", {"jq-1.7.1": ("jq",)}, config="# Ours.\nmanage-git = false\n")
    hermits = Hermits.make(tmp_path, layout)

    done = hermits.pkgs("migrate", "--offline")

    assert done.status == 0, done.err
    assert (hermits.bin / "pkgs.hcl").read_text() == (
        'sources = ["https://github.com/cashapp/hermit-packages.git"]\n# Ours.\nmanage-git = false\n'
    )


def test_sources_that_are_not_here_yet_leave_the_lock_for_later(tmp_path: Path) -> None:
    layout = Layout("far", "bin", {"jq@latest": ("jq",)}, config=None)
    hermits = Hermits.make(tmp_path, layout)

    done = hermits.pkgs("migrate")

    assert done.status == 0, done.err
    assert "its manifest's source is not on this machine yet" in done.out
    assert "next   pkgs update && pkgs lock" in done.out
    assert "package" not in tomllib.loads((hermits.bin / "pkgs.lock").read_text())


def test_a_pin_without_manifest_is_kept_told_and_the_status_says_so(small: Hermits) -> None:
    (small.manifests / "go.hcl").rename(small.manifests / "gos.hcl")

    done = small.pkgs("migrate")

    assert done.status == 1
    assert "no source has a manifest of go; the nearest is gos" in done.out
    assert "no manifest provides go-1.22.5" in done.err
    assert small.run(".hermit/bin/deno").out == "deno 1.45.5\n"
    assert str((small.bin / ".go-1.22.5.pkg").readlink()) == "pkgs"
    assert small.pkgs("migrate", "--check").status == 1


def test_a_parent_that_is_still_hermits_is_told(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[-1])
    above = tmp_path / "bin"
    above.mkdir()
    (above / "activate-hermit").write_text("")

    assert f"inherit-parent means {above}, which is still hermit's" in hermits.pkgs("migrate", "tools").out
    (above / "activate-pkgs").write_text("")
    (above / "pkgs").write_text("")
    assert "still hermit's" not in hermits.pkgs("migrate", "tools").out


def test_variables_of_the_configuration_name_the_environment(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[-1])
    hermits.pkgs("migrate", "tools")

    assert hermits.run("tools/pkgs", "env", "GOBIN").out == f"{hermits.root}/build\n"


def test_calls_of_hermit_are_found_with_what_to_write_instead(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[6])
    (hermits.root / ".envrc").write_text("layout hermit\n")
    (hermits.root / "Makefile").write_text("setup:\n\t.hermit/bin/hermit install\n")
    (hermits.root / "ci").write_text("#!/bin/sh\n# hermit is nice\n. .hermit/bin/activate-hermit\n")
    (hermits.root / "ignored").write_text("layout hermit\n")
    subprocess.run(["git", "init", "-q"], cwd=hermits.root, check=True)
    subprocess.run(["git", "add", ".", ":!ignored"], cwd=hermits.root, check=True)

    found = json.loads(hermits.pkgs("migrate", "--check", "--json").out)["hints"]

    assert [(hint["path"], hint["line"], hint["instead"]) for hint in found] == [
        (".envrc", 1, "use pkgs  # once on each machine: pkgs shell-hooks --direnv"),
        (".github/workflows/golangci.yml", 1, ".hermit/bin/pkgs env --github"),
        (".github/workflows/golangci.yml", 3, ".hermit/bin/pkgs env --github"),
        ("Makefile", 2, ".hermit/bin/pkgs install"),
        ("ci", 3, ". .hermit/bin/activate-pkgs"),
    ]


def test_git_learns_of_the_change_where_hermit_would_have_told_it(tmp_path: Path) -> None:
    layout = Layout("managed", "bin", {"jq-1.7.1": ("jq",)}, config="sources = [SOURCES]\n")
    hermits = Hermits.make(tmp_path, layout)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hermit"]):
        subprocess.run(["git", *words], cwd=hermits.root, check=True)

    hermits.pkgs("migrate", "--remove-hermit")

    status = hermits.run("git", "status", "--porcelain").out.splitlines()
    assert sorted(line for line in status if line[1] != " ") == []
    assert "M  bin/.jq-1.7.1.pkg" in status


class TestRefusals:
    """Whatever cannot be migrated is said in one sentence, and nothing has changed."""

    def refused(self, hermits: Hermits, *words: str) -> str:
        before = hermits.snapshot()
        done = hermits.pkgs("migrate", *words)
        assert done.status in (1, 2)
        assert done.err.startswith("pkgs: error: ")
        assert hermits.snapshot() == before
        return done.err

    def test_a_file_of_the_users_called_pkgs(self, small: Hermits) -> None:
        (small.bin / "pkgs").write_text("mine\n")

        assert "exists and is not pkgs' wrapper" in self.refused(small)

    def test_an_attribute_that_hermit_does_not_know_either(self, small: Hermits) -> None:
        (small.bin / "hermit.hcl").write_text('source = ["x"]\n')

        assert "hermit.hcl:1: unknown attribute 'source' (did you mean \"sources\"?)" in self.refused(small)

    def test_a_package_pinned_twice(self, small: Hermits) -> None:
        (small.bin / ".go-1.0.0.pkg").symlink_to("hermit")

        assert "pins go twice" in self.refused(small)

    def test_a_tool_that_is_somebody_elses_beside(self, small: Hermits) -> None:
        (small.root / "new" / "bin").mkdir(parents=True)
        (small.root / "new" / "bin" / "deno").write_text("mine\n")

        assert "so deno-1.45.5 cannot provide it" in self.refused(small, "--beside", "new")

    def test_removing_what_is_not_in_place(self, small: Hermits) -> None:
        """A directory that was made in vain is gone again (see refused)."""
        assert "only in place" in self.refused(small, "--beside", "new/deep", "--remove-hermit")

    def test_nothing_there(self, tmp_path: Path, small: Hermits) -> None:
        (tmp_path / "bare").mkdir()

        assert "there is nothing to migrate" in self.refused(small, str(tmp_path / "bare"))

    def test_chezmois_sources(self, tmp_path: Path, small: Hermits) -> None:
        sources = tmp_path / "dot_hermit" / "bin"
        sources.mkdir(parents=True)
        (sources / "symlink_dot_age-1.1.1.pkg").write_text("hermit\n")
        (sources / "symlink_age").write_text(".age-1.1.1.pkg\n")

        assert "chezmoi's sources" in self.refused(small, str(sources.parent))

    def test_no_such_directory(self, small: Hermits) -> None:
        assert "there is no" in self.refused(small, "missing")

    def test_a_directory_that_cannot_be_written(self, small: Hermits) -> None:
        weak = WITHOUT_POWERS if os.geteuid() == 0 else ()
        small.bin.chmod(0o555)
        try:
            done = small.run(*weak, str(small.exe), "migrate")
        finally:
            small.bin.chmod(0o755)

        assert (done.status, "nothing was migrated" in done.err) == (1, True), done.err


def test_from_within_a_directory_of_the_project(small: Hermits) -> None:
    (small.root / "deep" / "down").mkdir(parents=True)

    assert small.pkgs("migrate", cwd=small.root / "deep" / "down").status == 0
    assert (small.bin / "pkgs").is_file()


def test_the_users_own_environment_is_migrated_only_when_named(small: Hermits) -> None:
    project = small.root / "project"
    project.mkdir()

    done = small.pkgs("migrate", cwd=project, HOME=str(small.root))

    assert (done.status, (small.bin / "pkgs").exists()) == (1, False)
    assert "there is nothing to migrate" in done.err
    assert small.pkgs("migrate", "../.hermit", cwd=project, HOME=str(small.root)).status == 0


def test_another_repository_above_is_left_alone(small: Hermits) -> None:
    (small.root / "vendored" / ".git").mkdir(parents=True)

    assert small.pkgs("migrate", cwd=small.root / "vendored").status == 1
    assert not (small.bin / "pkgs").exists()


def test_a_path_with_spaces_reached_through_a_link_in_ci(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[2])
    odd = tmp_path / "with spaces, $HOME and ünïcode"
    hermits.root.rename(odd)
    (tmp_path / "through").symlink_to(odd)

    done = hermits.pkgs("migrate", cwd=tmp_path / "through", CI="true")

    assert done.status == 0, done.err
    assert hermits.run(f"{odd}/.hermit/bin/go", cwd=tmp_path).out == "go 1.22.5\n"
    assert hermits.run("through/scripts/two", cwd=tmp_path).out == "go 1.22.5\n"


def test_a_killed_migration_is_completed_by_the_next(small: Hermits) -> None:
    shutil.copy2(Path(__file__).parents[2] / "bin" / "pkgs", small.bin / "pkgs")
    (small.bin / ".go-1.22.5.pkg").unlink()
    (small.bin / ".go-1.22.5.pkg").symlink_to("pkgs")

    assert small.pkgs("migrate").status == 0
    assert small.run(".hermit/bin/go").out == "go 1.22.5\n"


def test_pins_made_since_by_hermit_are_taken_over_too(small: Hermits) -> None:
    small.pkgs("migrate")
    (small.bin / ".go-1.22.5.pkg").unlink()
    (small.bin / ".go-1.22.5.pkg").symlink_to("hermit")

    done = small.pkgs("migrate")

    assert f"link   {small.bin}/.go-1.22.5.pkg -> pkgs" in done.out
    assert small.run(".hermit/bin/go").out == "go 1.22.5\n"


def test_what_a_pin_needs_at_run_time_is_locked_as_well(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, SMALL)
    publish(hermits.manifests, "lib", "3.0.0", ("lib",))
    manifest = hermits.manifests / "go.hcl"
    manifest.write_text('runtime-dependencies = ["lib-3.0.0"]\n' + manifest.read_text())

    hermits.pkgs("migrate")

    assert "lib-3.0.0" in tomllib.loads((hermits.bin / "pkgs.lock").read_text())["package"]
    assert hermits.pkgs("install", "--frozen").status == 0
