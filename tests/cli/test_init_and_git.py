"""``pkgs init`` and ``manage-git``: new environments, and what is staged, in real repositories."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.project import Project, Run

DEFAULTS = 'defaults {\n  sources = ["source1", "source2"]\n  manage-git = false\n  idea = true\n}\n'


def git(where: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True).stdout


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def status(where: Path) -> list[str]:
    return git(where, "status", "--porcelain", "--untracked-files=all", "--ignored=no").splitlines()


@pytest.fixture
def tracked(project: Project) -> Project:
    """Return a project with two tools, all of it committed."""
    project.tool("hello", "1.0.0", "1.1.0")
    project.tool("bye", "1.0.0")
    git(project.root, "init", "-q")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-qm", "start")
    return project


def init(project: Project, where: Path, *words: str, **environ: str) -> Run:
    where.mkdir(parents=True, exist_ok=True)
    return project.run([project.exe, "init", *words], cwd=where, environ=project.environ(**environ))


def with_user_config(project: Project, text: str) -> Mapping[str, str]:
    path = project.root.parent / "user.hcl"
    path.write_text(text)
    return {"PKGS_USER_CONFIG": str(path)}


def config(where: Path) -> str:
    return (where / "bin" / "pkgs.hcl").read_text()


def test_an_environment_begins_alike_wherever_it_is(project: Project, tmp_path: Path) -> None:
    other = Project.init(tmp_path / "else where", tmp_path / "another state")

    assert contents(other.bin) == contents(project.bin)
    assert contents(other.state / "blobs") == contents(project.state / "blobs")


def contents(place: Path) -> dict[str, tuple[int, bytes]]:
    files = {str(path.relative_to(place)): path for path in place.rglob("*") if path.is_file()}
    return {name: (path.stat().st_mode, path.read_bytes()) for name, path in files.items()}


@pytest.mark.parametrize(
    ("user", "words", "expected"),
    [
        ("", [], ""),
        (DEFAULTS, [], 'sources = ["source1", "source2"]\nmanage-git = false\nidea = true\n'),
        (
            "no-git = true\nidea = true\ndefaults { manage-git = true }",
            [],
            "manage-git = false\nidea = true\n",
        ),
        (
            DEFAULTS,
            ["--sources", "env:///s3,env:///s4"],
            'sources = ["env:///s3", "env:///s4"]\nmanage-git = false\nidea = true\n',
        ),
        (DEFAULTS, ["--git", "--no-idea", "--sources="], "sources = []\n"),
        ("", ["--no-git", "--idea"], "manage-git = false\nidea = true\n"),
        ('defaults { env = { "A": "b" } }', [], 'env = {\n  "A": "b",\n}\n'),
    ],
)
def test_flags_outdo_the_users_wishes_and_these_the_defaults(
    project: Project, tmp_path: Path, user: str, words: list[str], expected: str
) -> None:
    done = init(project, tmp_path / "new", *words, **with_user_config(project, user))

    assert (done.status, config(tmp_path / "new")) == (0, expected)
    wants_idea = "idea = true" in expected
    assert (tmp_path / "new" / ".idea" / "externalDependencies.xml").exists() == wants_idea


def test_the_users_configuration_is_found_at_home_and_hermits_counts_too(
    project: Project, tmp_path: Path, home: Path
) -> None:
    (home / ".hermit.hcl").write_text("no-git = true\n")
    init(project, tmp_path / "one")
    (home / ".pkgs.hcl").write_text("")
    init(project, tmp_path / "two")

    assert (config(tmp_path / "one"), config(tmp_path / "two")) == ("manage-git = false\n", "")


def test_a_broken_user_configuration_is_told_of_and_left_out(project: Project, tmp_path: Path) -> None:
    done = init(project, tmp_path / "new", **with_user_config(project, "no-git = true\nprompts = 3\n"))

    assert (done.status, config(tmp_path / "new")) == (0, "")
    assert "user.hcl:2: unknown attribute 'prompts' (did you mean \"prompt\"?)" in done.err


def test_what_is_there_already_is_kept(project: Project) -> None:
    (project.root / ".idea").mkdir()
    (project.root / ".idea" / "externalDependencies.xml").write_text("mine")
    before = config(project.root)

    assert init(project, project.root, "--sources", "env:///other", "--idea").status == 0

    assert (config(project.root), (project.root / ".idea" / "externalDependencies.xml").read_text()) == (
        before,
        "mine",
    )


def test_gc_keeps_the_pkgs_that_a_new_environment_is_to_be_set_up_from(
    project: Project, tmp_path: Path
) -> None:
    place = tmp_path / "new"
    assert init(project, place).status == 0
    sha256 = tomllib.loads((place / "bin" / "pkgs.lock").read_text())["pkgs"]["sha256"]
    project.run([project.exe, "gc"], cwd=place, check=True)

    assert (project.state / "blobs" / "sha256" / sha256[:2] / sha256).exists()


def test_a_directory_that_is_missing_is_not_made(project: Project) -> None:
    done = project.pkgs("init", "gone")

    assert (done.status, (project.root / "gone").exists()) == (1, False)
    assert "hint: make it first: mkdir -p " in done.err


def test_init_stages_what_it_makes_and_nothing_else(project: Project, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    (root / "mine").write_text("x")
    (root / ".gitignore").write_text("bin/\n")

    init(project, root, "--idea")

    assert status(root) == [
        "A  .idea/externalDependencies.xml",
        "A  bin/activate-pkgs",
        "A  bin/activate-pkgs.fish",
        "A  bin/pkgs",
        "A  bin/pkgs.hcl",
        "A  bin/pkgs.lock",
        "?? .gitignore",
        "?? mine",
    ]


def test_each_command_stages_exactly_what_it_changed(tracked: Project) -> None:
    (tracked.root / "staged").write_text("1")
    git(tracked.root, "add", "staged")
    append(tracked.root / "manifests" / "hello.hcl", "// edited\n")
    mine = [" M manifests/hello.hcl", "A  staged"]

    tracked.pkgs("install", "hello-1.0.0", check=True)
    assert status(tracked.root) == [
        "A  bin/.hello-1.0.0.pkg",
        "A  bin/hello",
        "M  bin/pkgs.lock",
        *mine,
    ]
    assert git(tracked.root, "ls-files", "-s", "bin/hello").startswith("120000 ")
    git(tracked.root, "commit", "-qm", "hello", "--", "bin")

    tracked.pkgs("upgrade", check=True)
    changed = git(tracked.root, "diff", "--cached", "--name-status", "--no-renames").splitlines()
    assert changed == [
        "D\tbin/.hello-1.0.0.pkg",
        "A\tbin/.hello-1.1.0.pkg",
        "M\tbin/hello",
        "M\tbin/pkgs.lock",
        "A\tstaged",
    ]
    tracked.pkgs("env", "A", "1", check=True)
    assert "M  bin/pkgs.hcl" in status(tracked.root)

    git(tracked.root, "commit", "-qm", "more", "--", "bin")
    tracked.pkgs("uninstall", "hello", check=True)
    assert status(tracked.root) == ["D  bin/.hello-1.1.0.pkg", "D  bin/hello", "M  bin/pkgs.lock", *mine]


def test_a_lock_that_changes_is_staged(tracked: Project) -> None:
    (tracked.bin / ".bye-1.0.0.pkg").symlink_to("pkgs")

    tracked.pkgs("lock", check=True)

    assert status(tracked.root) == ["M  bin/pkgs.lock", "?? bin/.bye-1.0.0.pkg"]


def test_the_environment_may_lie_deeper_in_the_repository(tracked: Project) -> None:
    for where, words in ((tracked.root, [".hermit"]), (tracked.root / "a" / "b", ["."])):
        (where / words[0]).mkdir(parents=True, exist_ok=True)
        init(tracked, where, *words)

    names = {line.partition("  ")[2] for line in status(tracked.root)}
    assert {".hermit/bin/pkgs", "a/b/bin/pkgs.lock"} <= names


def test_an_environment_in_an_ignored_directory_is_not_staged(tracked: Project) -> None:
    (tracked.root / ".gitignore").write_text("build/\n")

    init(tracked, tracked.root / "build")

    assert status(tracked.root) == ["?? .gitignore"]


@pytest.mark.parametrize("off", ["manage-git = false\n", None])
def test_nothing_is_staged_where_git_is_not_managed(tracked: Project, off: str | None) -> None:
    if off:
        append(tracked.bin / "pkgs.hcl", off)
        git(tracked.root, "commit", "-qam", "off")
    else:
        (tracked.root / ".git").rename(tracked.root / "no-git")

    done = tracked.pkgs("install", "hello-1.0.0", check=True)

    assert "git" not in done.err
    if off:
        assert status(tracked.root)[0] == " M bin/pkgs.lock"


def test_git_that_fails_does_not_fail_the_command(tracked: Project, tmp_path: Path) -> None:
    (tracked.root / ".git" / "index.lock").write_text("")

    done = tracked.pkgs("install", "bye")

    assert done.status == 0
    assert "warning: the change is made, but git did not stage it: " in done.err
    (tracked.root / ".git" / "index.lock").unlink()
    empty = tmp_path / "empty"
    empty.mkdir()
    environ = {**tracked.environ(), "PATH": str(empty)}
    done = tracked.run([tracked.exe, "uninstall", "bye"], environ=environ)
    assert (done.status, "git did not stage it" in done.err) == (0, True)


def test_a_hooks_variables_do_not_lead_elsewhere(tracked: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")

    tracked.pkgs(
        "install", "bye", check=True, GIT_DIR=str(other / ".git"), GIT_INDEX_FILE=str(other / "index")
    )

    assert status(other) == []
    assert "A  bin/bye" in status(tracked.root)


def test_links_that_lie_outside_of_the_repository_are_nobodys(tracked: Project, tmp_path: Path) -> None:
    git(tracked.root, "rm", "-rq", "--cached", "bin")
    git(tracked.root, "commit", "-qm", "elsewhere")
    tracked.bin.rename(tmp_path / "elsewhere")
    tracked.bin.symlink_to(tmp_path / "elsewhere")

    done = tracked.pkgs("install", "bye")

    assert (done.status, status(tracked.root)) == (0, ["?? bin"])


def test_a_linked_worktree_is_a_repository_too(tracked: Project, tmp_path: Path) -> None:
    git(tracked.root, "worktree", "add", "-q", str(tmp_path / "tree"))

    tracked.run([tracked.exe, "env", "A", "1"], cwd=tmp_path / "tree", check=True)

    assert status(tmp_path / "tree") == ["M  bin/pkgs.hcl"]
    assert status(tracked.root) == []


def test_it_works_through_a_link_and_with_odd_names(project: Project, tmp_path: Path) -> None:
    root = tmp_path / "a *'[x] ü"
    root.mkdir()
    git(root, "init", "-q")
    (tmp_path / "link").symlink_to(root)

    init(project, tmp_path / "link")

    assert "A  bin/pkgs" in status(root)


def test_renewing_an_environment_keeps_the_address_of_its_wheel(project: Project) -> None:
    where = project.root.parent / "other"
    address = "https://example.invalid/pkgs.whl"
    assert init(project, where, "--pkgs-url", address).status == 0

    assert init(project, where).status == 0

    assert f'url = "{address}"' in (where / "bin" / "pkgs.lock").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sources", "file:///a\udcff"], "'file:///a\\udcff' cannot be written into a file\n"),
        (["--pkgs-url", "pkgs.whl"], "--pkgs-url 'pkgs.whl' cannot be fetched\n"),
        (["--pkgs-url", "https://example.invalid/\udcff"], "cannot be written into a file\n"),
        (["--pkgs-url", "https://example.invalid/\n"], "cannot be written into a file\n"),
    ],
)
def test_what_would_fail_every_later_command_is_refused(
    project: Project, tmp_path: Path, words: list[str], says: str
) -> None:
    done = init(project, tmp_path / "new", *words)

    assert (done.status, done.out, says in done.err) == (2, "", True), done.err
    assert list((tmp_path / "new").iterdir()) == []


def test_a_source_that_no_command_can_open_is_warned_of(project: Project, tmp_path: Path) -> None:
    done = init(project, tmp_path / "new", "--sources", "env:///manifests,nonsense")

    assert "warning: --sources: unsupported manifest source 'nonsense'; until it is corrected" in done.err
    assert config(tmp_path / "new") == 'sources = ["env:///manifests", "nonsense"]\n'
