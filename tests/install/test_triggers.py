"""Triggers: what manifests do when packages come, go, are called, and environments are activated."""

from __future__ import annotations

from tests.support.project import Project


def trigger(event: str, *actions: str) -> str:
    return f'on "{event}" {{\n' + "\n".join(actions) + "\n}\n"


def message(text: str) -> str:
    return f'  message {{\n    text = "{text}"\n  }}'


def mkdir(path: str) -> str:
    return f'  mkdir {{\n    dir = "{path}"\n  }}'


def test_install_speaks_after_linking_for_install_and_upgrade_only(project: Project) -> None:
    more = trigger("install", message("welcome to ${version}"), mkdir("${env}/made-${version}"))
    project.tool("ink", "1.0", "1.1", more=more)

    first = project.pkgs("install", "ink-1.0", check=True)
    again = project.pkgs("install", "ink", check=True)
    bare = project.pkgs("install", check=True)
    upgraded = project.pkgs("upgrade", "ink", check=True)

    assert "welcome to 1.0" in first.err
    assert "welcome" not in again.err + bare.err
    assert "welcome to 1.1" in upgraded.err
    assert (project.root / "made-1.0").is_dir()
    assert (project.root / "made-1.1").is_dir()


def test_an_install_trigger_that_fails_takes_everything_back(project: Project) -> None:
    run = '  run {\n    cmd = "/bin/false"\n  }'
    project.tool("ink", "1.0", more=trigger("install", run))
    project.tool("jot", "1.0")
    before = project.lock.read_text()

    done = project.pkgs("install", "jot", "ink")

    assert done.status == 1
    assert "run /bin/false" in done.err
    assert not list(project.bin.glob(".*.pkg"))
    assert not (project.bin / "jot").is_symlink()
    assert project.lock.read_text() == before


def test_uninstall_speaks_when_a_package_goes_but_not_when_it_is_replaced(project: Project) -> None:
    project.tool("ink", "1.0", "1.1", more=trigger("uninstall", message("farewell ${version}")))
    project.pkgs("install", "ink-1.0", check=True)

    replaced = project.pkgs("install", "ink-1.1", check=True)
    gone = project.pkgs("uninstall", "ink", check=True)

    assert "farewell" not in replaced.err
    assert "farewell 1.1" in gone.err


def test_exec_acts_at_every_call(project: Project) -> None:
    more = trigger("exec", mkdir("${env}/lib"), message("calling"))
    project.tool("ink", "1.0", more=more)
    project.pkgs("install", "ink", check=True)

    first = project.call("ink", "a")
    (project.root / "lib").rmdir()
    second = project.call("ink", "b")

    assert (first.out, second.out) == ("ink 1.0 a\n", "ink 1.0 b\n")
    assert (project.root / "lib").is_dir()
    assert "calling" in second.err


def test_activate_acts_and_speaks_on_stderr(project: Project) -> None:
    more = trigger("activate", mkdir("${env}/node_modules"), message("use npm")) + 'env = { INK: "1" }'
    project.tool("ink", "1.0", more=more)
    project.pkgs("install", "ink", check=True)

    for _ in range(2):
        done = project.run(["sh", "-c", '. bin/activate-pkgs && echo "$INK"'])
        assert done.out == "1\n"
        assert "use npm" in done.err
        (project.root / "node_modules").rmdir()  # made anew by the next activation


def test_actions_stay_in_the_users_own_directories(project: Project) -> None:
    project.tool("ink", "1.0", more=trigger("install", mkdir("/ink-was-here")))

    done = project.pkgs("install", "ink")

    assert done.status == 1
    assert "/ink-was-here" in done.err
    assert not list(project.bin.glob(".*.pkg"))
