"""``pkgs env`` as a user calls it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from tests.support.project import Project

PATH = "/usr/bin:/bin"


def write(project: Project, text: str) -> None:
    (project.bin / "pkgs.hcl").write_text(f'sources = ["env:///manifests"]\n{text}')


def test_a_value_is_kept_and_the_rest_of_the_configuration_stays(project: Project) -> None:
    write(project, '// mine\nenv = {\n  "A": "1",\n}\n')

    assert project.pkgs("env", "B", "x $A $$5").status == 0

    text = (project.bin / "pkgs.hcl").read_text()
    assert text == 'sources = ["env:///manifests"]\n// mine\nenv = {\n  "A": "1",\n  "B": "x $A $$5",\n}\n'
    assert project.pkgs("env", "B").out == "x 1 $5\n"


def test_the_ends_of_lines_stay_as_they_are(project: Project) -> None:
    config = project.bin / "pkgs.hcl"
    text = b'\xef\xbb\xbf# mine\r\nsources = ["env:///manifests"]\r\nenv = {\r\n  "A": "1",\r\n}\r\n'
    config.write_bytes(text)

    project.pkgs("env", "A", "2", check=True)

    assert config.read_bytes() == text.replace(b'"1"', b'"2"')


def test_a_configuration_that_is_no_text_is_refused_and_kept(project: Project) -> None:
    config = project.bin / "pkgs.hcl"
    config.write_bytes(b"idea = true # \xff\n")

    done = project.pkgs("env", "A", "2")

    assert done.status == 1
    assert "line 1 is not UTF-8" in done.err
    assert config.read_bytes() == b"idea = true # \xff\n"


def test_an_unset_value_is_gone(project: Project) -> None:
    project.pkgs("env", "A", "1", check=True)

    assert project.pkgs("env", "-u", "A").status == 0
    assert project.pkgs("env", "A").out == ""


def test_hermits_older_spelling_gets_a_value(project: Project) -> None:
    project.pkgs("env", "A", "1", check=True)

    assert project.pkgs("env", "get", "A").out == "1\n"


def test_what_is_no_name_is_refused_and_nothing_is_written(project: Project) -> None:
    before = (project.bin / "pkgs.hcl").read_bytes()

    done = project.pkgs("env", "A;touch x", "1")

    assert (done.status, (project.bin / "pkgs.hcl").read_bytes()) == (1, before)
    assert done.err.startswith("pkgs: error: 'A;touch x' cannot be the name of a variable\nhint: ")


def test_a_source_of_no_kind_is_told_with_the_file_that_names_it(project: Project) -> None:
    path = project.bin / "pkgs.hcl"
    path.write_text('sources = ["env:///manifests", ""]\n')

    done = project.pkgs("list")

    said = f"pkgs: error: {path}: unsupported manifest source ''\nhint: sources are env:///DIR, "
    assert (done.status, done.err[: len(said)]) == (1, said)


def test_a_broken_configuration_is_named_and_kept(project: Project) -> None:
    write(project, "env = {\n")

    done = project.pkgs("env", "A", "1")

    assert done.status == 1
    assert f"{project.bin}/pkgs.hcl:2: " in done.err


def test_values_are_printed_for_every_reader(project: Project) -> None:
    write(project, 'env = { "A": "it\'s \\"x\\"", "GONE": "" }\n')

    assert "A='it'\\''s \"x\"'\n" in project.pkgs("env").out
    assert 'A=it\'s "x"\n' in project.pkgs("env", "--raw").out
    assert json.loads(project.pkgs("env", "--json", GONE="1").out)["GONE"] is None
    assert json.loads(project.pkgs("env", "A", "--json").out) == 'it\'s "x"'
    assert 'ENV A="it\'s \\"x\\""\n' in project.pkgs("env", "--docker").out
    assert 'A="it\'s \\"x\\""\n' in project.pkgs("env", "--dotenv").out
    assert project.pkgs("env", "--names").out == "A\nPATH\nPKGS_BIN\nPKGS_ENV\n"
    assert "HOME='" in project.pkgs("env", "--inherit").out


def test_an_active_environment_still_tells_its_values(project: Project) -> None:
    write(project, 'env = { "A": "1" }\n')
    script = f". {shlex.quote(str(project.bin))}/activate-pkgs && pkgs env A && pkgs env --names"

    assert project.run(["bash", "-c", script]).out == "1\nA\nPATH\nPKGS_BIN\nPKGS_ENV\n"


def test_statements_for_a_shell_activate_and_deactivate(project: Project) -> None:
    write(project, 'env = { "A": "new" }\n')
    pkgs = shlex.quote(str(project.exe))
    script = f'ops=$({pkgs} env --ops); eval "$({pkgs} env --activate)"; echo $A $PKGS_ENV'
    script += f'; eval "$({pkgs} env --deactivate-from-ops="$ops")"; echo "${{A-unset}} ${{PKGS_ENV-unset}}"'

    for shell in ("bash", "sh"):
        assert project.run([shell, "-c", script]).out == f"new {project.root}\nunset unset\n"


def test_fish_gets_its_own_statements(project: Project) -> None:
    write(project, 'env = { "A": "new" }\n')

    assert "set -gx A 'new'\n" in project.pkgs("env", "--activate", "-s", "fish").out


def test_a_job_on_github_gets_files(project: Project, tmp_path: Path) -> None:
    write(project, 'env = { "A": "1" }\n')
    env, path = str(tmp_path / "env"), str(tmp_path / "path")

    assert project.pkgs("env", "--github", GITHUB_ENV=env, GITHUB_PATH=path).out == ""
    assert "A<<PKGS_END\n1\nPKGS_END\n" in (tmp_path / "env").read_text()
    assert (tmp_path / "path").read_text() == f"{project.bin}\n"


def test_outside_of_a_job_github_is_a_usage_error(project: Project) -> None:
    done = project.pkgs("env", "--github")

    assert (done.status, done.err.splitlines()[0]) == (2, "pkgs: error: GITHUB_ENV is not set")


def test_variables_for_one_command_come_last(project: Project) -> None:
    write(project, 'env = { "A": "1", "B": "2" }\n')

    assert project.pkgs("--env", "A=x;C=y", "env", "--env", "B=z", "--raw").out.split()[:3] == [
        "A=x",
        "B=z",
        "C=y",
    ]
    assert project.pkgs("env", "--env", "novalue").status == 2


def test_first_on_path_is_what_the_user_wants_first(project: Project) -> None:
    out = project.pkgs("env", "PATH", PKGS_PREPEND_PATH="/first:/second", PATH=PATH).out

    assert out == f"/first:/second:{project.bin}:{PATH}\n"


def test_a_parents_values_are_inherited_and_can_be_overridden(project: Project) -> None:
    project.tool("parents", "1.0", script="echo NAME $OF_TOOL")
    with (project.root / "manifests" / "parents.hcl").open("a") as manifest:
        manifest.write('env = { "OF_TOOL": "tool" }\n')
    project.pkgs("install", "parents", check=True)
    write(project, 'env = { "A": "parent", "B": "parent" }\n')
    child = project.root / "services" / "child"
    child.mkdir(parents=True)
    project.run([project.exe, "init", "."], cwd=child, check=True)
    (child / "bin" / "pkgs.hcl").write_text('inherit-parent = true\nenv = { "A": "child" }\n')

    values = json.loads(project.run([project.exe, "env", "--json"], cwd=child).out)

    assert (values["A"], values["B"], values["OF_TOOL"]) == ("child", "parent", "tool")
    assert values["PATH"].split(":")[:2] == [str(child / "bin"), str(project.bin)]
    assert (values["PKGS_ENV"], values["PKGS_BIN"]) == (str(child), str(child / "bin"))


def test_inheritance_goes_on_upwards_and_sees_changes_at_once(project: Project) -> None:
    write(project, 'env = { "A": "1" }\n')
    middle, child = project.root / "x", project.root / "x" / "y"
    child.mkdir(parents=True)
    for place in (middle, child):
        project.run([project.exe, "init", ".pkgs"], cwd=_made(place), check=True)
        (place / ".pkgs" / "bin" / "pkgs.hcl").write_text("inherit-parent = true\n")
    activate = shlex.quote(str(child / ".pkgs" / "bin" / "activate-pkgs"))
    script = f". {activate}; echo $A; pkgs env -q; (cd {shlex.quote(str(project.root))}; bin/pkgs env A 2)"
    script += '; eval "$PROMPT_COMMAND"; echo $A'

    assert project.run(["bash", "-c", script]).out.splitlines()[0] == "1"
    assert project.run(["bash", "-c", script]).out.splitlines()[-1] == "2"


def _made(place: Path) -> Path:
    (place / ".pkgs").mkdir()
    return place
