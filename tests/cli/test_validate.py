"""``pkgs validate`` and ``pkgs manifest validate`` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.archives import make_tar_gz
from tests.support.project import Project


def script(project: Project, text: str, name: str = "build.sh") -> str:
    path = project.root / name
    path.write_text(text)
    return str(path)


def test_an_environment_as_init_made_it_is_valid(project: Project, tmp_path: Path) -> None:
    for where in (".", str(project.bin)):
        done = project.pkgs("validate", "env", where)
        assert (done.status, done.out, done.err) == (0, "", "")
    (project.bin / "activate-pkgs.fish").unlink()
    assert project.run([project.exe, "validate", "env", project.root], cwd=tmp_path).status == 0


def test_an_altered_or_missing_script_is_named(project: Project) -> None:
    activate = project.bin / "activate-pkgs"
    activate.write_text(activate.read_text() + "# more\n")

    done = project.pkgs("validate", "env", ".")

    assert done.status == 1
    assert done.err.startswith(f"pkgs: error: {activate} is not what pkgs ")
    activate.unlink()
    assert f"{activate} is missing" in project.run([project.exe, "validate", "env", "."]).err


def test_sound_manifests_are_counted(project: Project) -> None:
    project.tool("hello", "1.0.0")

    for words in (["validate"], ["validate", "source"], ["manifest", "validate"]):
        done = project.pkgs(*words)
        assert (done.status, done.out) == (0, "")
        assert "no faults found in " in done.err


def test_broken_manifests_are_all_told_with_their_places(project: Project) -> None:
    project.tool("hello", "1.0.0")
    (project.root / "manifests" / "bad.hcl").write_text("description = \nbinarys = 3\n")
    (project.root / "manifests" / "worse.hcl").write_text(
        'description = "x"\nbinaries = ["x"]\nsource = "https://example.org/${oss}"\nversion "1" {}\n'
    )

    done = project.pkgs("manifest", "validate", "manifests", "--json")

    found = {each["name"]: each["faults"] for each in json.loads(done.out)}
    assert done.status == 1
    assert found["hello"] == []
    assert found["bad"][0].startswith(f"{project.root}/manifests/bad.hcl:")
    assert "oss" in found["worse"][0]
    assert "pkgs: error: 2 of 3 manifests are broken\n" in done.err
    assert project.pkgs("validate", "manifests").status == 1
    assert project.pkgs("validate", "source", f"file://{project.root}/manifests").status == 1


def test_a_source_that_cannot_be_is_an_error(project: Project) -> None:
    done = project.pkgs("validate", "source", "nowhere")

    assert (done.status, "unsupported manifest source 'nowhere'" in done.err) == (1, True)


def test_a_snapshot_is_fetched_outside_of_an_environment_too(project: Project, tmp_path: Path) -> None:
    project.tool("hello", "1.0.0")
    manifest = (project.root / "manifests/hello.hcl").read_bytes()
    archive = make_tar_gz(tmp_path / "manifests.tar.gz", {"hello.hcl": manifest})

    done = project.run([project.exe, "validate", "source", archive.as_uri()], cwd=tmp_path)

    assert done.status == 0, done.err


def test_a_script_may_call_what_is_pinned_defined_or_standard(project: Project) -> None:
    project.tool("hello", "1.0.0")
    project.pkgs("install", "hello", check=True)
    script(project, "there() { :; }\n", "lib.sh")
    text = ". ./lib.sh\nf() { cd /; }\nhello | grep -q x && f; there; pkgs list; . bin/activate-pkgs\n"

    assert project.pkgs("validate", "script", script(project, text)).status == 0


def test_other_commands_are_told_with_their_places(project: Project) -> None:
    path = script(project, 'hello\nif jq .; then ./x.sh; fi\n"$dir/y"\n/opt/z\n')

    done = project.pkgs("validate", "script", path)

    assert done.status == 1
    assert [line for line in done.err.splitlines() if "unsupported" in line] == [
        f"pkgs: warning: {path}:{place}: unsupported external command: {word}"
        for place, word in [
            ("1:1", "hello"),
            ("2:4", "jq"),
            ("2:15", "./x.sh"),
            ("3:1", "$dir/y"),
            ("4:1", "/opt/z"),
        ]
    ]
    assert "pkgs: error: 5 errors encountered\n" in done.err


def test_paths_and_names_can_be_allowed(project: Project) -> None:
    path = script(project, 'jq .\n./x.sh\n"$dir/y"\n')

    allowed = ["--allow", "relative,var-relative", "--cmds", "jq"]
    assert project.pkgs("validate", "script", *allowed, path).status == 0
    assert json.loads(
        project.pkgs("validate", "script", "--json", "-c", "jq", "-a", "relative", path).out
    ) == [{"path": path, "line": 3, "command": "$dir/y"}]
    assert project.pkgs("validate", "script", "--allow", "absolute", path).status == 2
    assert project.pkgs("validate", "script").status == 2


def test_a_script_that_is_not_there_is_an_error(project: Project) -> None:
    done = project.pkgs("validate", "script", "gone.sh")

    assert (done.status, done.err.splitlines()[0]) == (
        1,
        f"pkgs: error: {project.root}/gone.sh: No such file or directory",
    )
