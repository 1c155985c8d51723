"""``pkgs status``, ``verify``, ``clean`` and ``gc`` as a user calls them."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.users import beside


@pytest.fixture
def hello(project: Project) -> Project:
    """Return a project with the tool hello installed."""
    project.tool("hello", "1.0.0")
    project.pkgs("install", "hello", check=True)
    return project


def tree_of(project: Project, name: str = "hello") -> Path:
    trees = [path for path in (project.state / "trees").glob("sha256-*/bin") if (path / name).exists()]
    return trees[0].parent


def unlocked(path: Path) -> Path:
    """Return a file of the store after allowing its owner to change it, and what is beside it."""
    path.parent.chmod(0o755)
    path.chmod(0o755)
    return path


def items(project: Project, *words: str) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    found = json.loads(project.pkgs(*words, "--json", check=True).out)
    return {(each["kind"], each["label"]): each for each in found}


def test_status_shows_sources_packages_and_variables(hello: Project) -> None:
    (hello.bin / "pkgs.hcl").write_text('sources = ["env:///manifests"]\nenv = { "A": "x y" }\n')

    lines = hello.pkgs("status").out.splitlines()

    assert lines[:2] == ["Sources:", "  env:///manifests"]
    packages = lines.index("Packages:")
    assert lines[packages + 1 : packages + 4] == ["  hello-1.0.0  installed", "Environment:", "  A='x y'"]


def test_status_as_json(hello: Project) -> None:
    found = json.loads(hello.pkgs("status", "--json").out)

    assert found["environment"] == {
        "root": str(hello.root),
        "bin": str(hello.bin),
        "state": str(hello.state),
    }
    assert [(each["reference"], each["state"]) for each in found["packages"]] == [
        ("hello-1.0.0", "installed")
    ]
    assert [source["uri"] for source in found["sources"]] == ["env:///manifests", "builtin:"]
    assert found["env"]["PKGS_BIN"] == str(hello.bin)


def test_outside_of_an_environment_status_says_how_to_make_one(hello: Project, tmp_path: Path) -> None:
    done = hello.run([hello.exe, "status"], cwd=tmp_path)

    assert (done.status, done.out) == (1, "")
    assert "hint: make one with: pkgs init" in done.err


def test_what_is_whole_is_said_to_be(hello: Project) -> None:
    for words in (["verify"], ["verify", "--deep"], ["verify", "hello", "--offline"]):
        done = hello.pkgs(*words)
        assert (done.status, done.out) == (0, "whole\thello-1.0.0\n")


def test_a_damaged_file_is_named_and_repaired_without_network(hello: Project) -> None:
    tool = unlocked(tree_of(hello) / "bin" / "hello")
    tool.write_text("#!/bin/sh\necho evil\n")
    shutil.rmtree(hello.root / "dist")

    done = hello.pkgs("verify", "--json")

    (finding,) = json.loads(done.out)
    assert (done.status, finding["condition"]) == (1, "damaged")
    assert any(fault.startswith(f"{tool}: ") for fault in finding["faults"])
    assert hello.pkgs("verify", "--repair").out == "whole\thello-1.0.0\t(repaired)\n"
    assert hello.call("hello").out == "hello 1.0.0\n"


def test_the_same_size_and_time_are_seen_through_by_reading(hello: Project) -> None:
    tool = tree_of(hello) / "bin" / "hello"
    before = tool.stat()
    unlocked(tool).write_bytes(tool.read_bytes().replace(b"hello", b"HELLO"))
    tool.chmod(before.st_mode & 0o777)
    os.utime(tool, ns=(before.st_atime_ns, before.st_mtime_ns))
    tool.parent.chmod(0o555)

    assert hello.pkgs("verify").status == 0
    assert hello.pkgs("verify", "--deep").status == 1


def test_a_damaged_download_is_fetched_again(hello: Project) -> None:
    (blob,) = (path for path in (hello.state / "blobs").rglob("*") if path.is_file() and _is_archive(path))
    unlocked(blob).write_bytes(b"x" * blob.stat().st_size)

    assert hello.pkgs("verify").status == 0
    assert f"\t{blob}: its digest is" in hello.pkgs("verify", "--deep").out
    assert hello.pkgs("verify", "--deep", "--repair").status == 0
    assert hello.pkgs("verify", "--deep").status == 0


def _is_archive(path: Path) -> bool:
    return path.read_bytes()[:2] == b"\x1f\x8b"


def test_what_is_missing_is_repaired_or_says_why_not(hello: Project) -> None:
    hello.pkgs("clean", "--packages", check=True)
    assert hello.pkgs("verify").out == "missing\thello-1.0.0\n"
    hello.pkgs("clean", "--cache", check=True)
    shutil.move(hello.root / "dist", hello.root / "away")

    done = hello.pkgs("verify", "--repair")

    assert done.status == 1
    assert "\tit cannot be repaired: " in done.out
    shutil.move(hello.root / "away", hello.root / "dist")
    assert hello.pkgs("verify", "--repair").status == 0


def test_a_tool_that_cannot_run_is_broken(project: Project) -> None:
    project.tool("odd", "1.0.0")
    archive = project.root / "dist" / "odd-1.0.0.tar.gz"
    _republish(project, archive, b"#!/no/such/interpreter\n")
    project.pkgs("install", "odd", check=True)

    done = project.pkgs("verify")

    assert done.status == 1
    assert done.out.splitlines()[0] == "broken\todd-1.0.0"
    assert done.out.endswith("there is no /no/such/interpreter\n")


def _republish(project: Project, archive: Path, text: bytes) -> None:
    make_tar_gz(archive, {"odd-1.0.0/bin/odd": text})
    project.manifest("odd", ["1.0.0"], {archive: digest_file(archive).hex})


def test_a_name_that_is_not_pinned_is_an_error(hello: Project) -> None:
    done = hello.pkgs("verify", "helo")

    assert done.status == 1
    assert "helo is not installed here" in done.err


def test_clean_needs_to_be_told_what(hello: Project) -> None:
    done = hello.pkgs("clean")

    assert (done.status, done.err.splitlines()[0]) == (2, "pkgs: error: nothing to clean was named")


def test_a_dry_run_cleans_nothing(hello: Project) -> None:
    done = hello.pkgs("clean", "-a", "--dry-run")

    assert done.out.startswith("goes\ttree\thello-1.0.0\t")
    assert hello.pkgs("verify", "--deep").status == 0


def test_cleaned_packages_come_back_at_the_next_call(hello: Project) -> None:
    assert items(hello, "clean", "--packages")["tree", "hello-1.0.0"]["removed"]

    assert not list((hello.state / "trees").glob("sha256-*/"))
    assert hello.call("hello").out == "hello 1.0.0\n"


@pytest.fixture
def copied(project: Project) -> Path:
    """Return a writable copy of the tool moody, in which something was changed."""
    project.tool("moody", "1.0.0", more="mutable = true\n")
    project.pkgs("install", "moody", check=True)
    (copy,) = (path for path in (project.state / "mutable").glob("*/moody-1.0.0") if path.is_dir())
    (copy / "mine").write_text("12345")
    return copy


def test_cleaning_tells_of_writable_copies_that_go(project: Project, copied: Path) -> None:
    planned = items(project, "clean", "--packages", "--dry-run")
    assert copied.exists()

    done = items(project, "clean", "--packages")

    item = done["copy", "moody-1.0.0"]
    assert {**planned["copy", "moody-1.0.0"], "age": 0} == {**item, "age": 0}
    assert (item["path"], item["removed"], item["reason"]) == (
        str(copied),
        True,
        "its environment is cleaned",
    )
    assert item["size"] >= 5
    assert not copied.exists()


def test_cleaning_leaves_a_writable_copy_that_is_in_use(project: Project, copied: Path) -> None:
    with beside(copied / "mine"):
        item = items(project, "clean", "--packages")["copy", "moody-1.0.0"]

    assert (item["removed"], item["reason"]) == (False, "a running process uses it")
    assert (copied / "mine").exists()


def test_what_another_environment_uses_stays_unless_all_is_said(hello: Project) -> None:
    other = hello.root / "other"
    other.mkdir()
    hello.run([hello.exe, "init", "--sources", f"file://{hello.root}/manifests", "."], cwd=other, check=True)
    hello.run([hello.exe, "install", "hello"], cwd=other, check=True)

    kept = items(hello, "clean", "--transient")

    assert not any(each["removed"] for each in kept.values())
    assert kept["tree", "hello-1.0.0"]["reason"] == "another environment uses it"
    assert tree_of(hello).is_dir()
    assert items(hello, "clean", "--transient", "--all")["tree", "hello-1.0.0"]["removed"]
    assert hello.run([other / "bin" / "hello"]).out == "hello 1.0.0\n"


def test_a_lock_that_is_no_file_does_not_stop_gc(hello: Project) -> None:
    hello.lock.unlink()
    os.mkfifo(hello.lock)

    assert hello.pkgs("gc", "--json").status == 0


def test_pkgs_itself_is_not_cleaned(hello: Project) -> None:
    reasons = {each["reason"] for each in items(hello, "clean", "--cache", "--all").values()}

    assert "it is pkgs itself" in reasons


def test_clean_bin_unpins_everything(hello: Project) -> None:
    (hello.bin / "foreign").write_text("mine")

    assert hello.pkgs("clean", "--bin").status == 0

    assert hello.pkgs("list", "--short").out == ""
    assert not (hello.bin / "hello").is_symlink()
    assert (hello.bin / "foreign").read_text() == "mine"


def test_gc_removes_what_nobody_pins_and_says_why(hello: Project) -> None:
    hello.tool("bye", "1.0.0")
    hello.pkgs("install", "bye", check=True)
    hello.pkgs("uninstall", "hello", check=True)

    planned = items(hello, "gc", "--dry-run")
    assert planned["tree", "hello-1.0.0"]["removed"]
    assert planned["tree", "hello-1.0.0"]["size"] > 0
    assert all(0 <= item["age"] < 3600 for item in planned.values())
    [record] = (hello.state / "trees").glob(f"{tree_of(hello).name}.json")
    os.utime(record, (time.time() - 3.5 * 86400,) * 2)
    assert items(hello, "gc", "--dry-run")["tree", "hello-1.0.0"]["age"] // 86400 == 3
    assert "\t3 d\t" in hello.pkgs("gc", "--dry-run").out
    assert planned["tree", "bye-1.0.0"]["reason"] == "an environment uses it"
    assert tree_of(hello).is_dir()

    assert not items(hello, "gc", "--age", "4d")["tree", "hello-1.0.0"]["removed"]
    done = hello.pkgs("gc")
    assert "goes\ttree\thello-1.0.0\t" in done.out
    assert "freed" in done.err
    assert [path.name for path in (hello.state / "trees").glob("*/bin/*")] == ["bye"]


def test_gc_of_an_environment_that_is_gone(hello: Project) -> None:
    shutil.rmtree(hello.bin)

    assert items(hello, "gc")["tree", "hello-1.0.0"]["removed"]


@pytest.mark.parametrize("age", ["soon", "-1h", "1w"])
def test_an_age_that_is_none_is_a_usage_error(project: Project, age: str) -> None:
    done = project.pkgs("gc", f"--age={age}")

    assert (done.status, done.err.startswith("pkgs: error: --age")) == (2, True)


def test_usage_lists_what_the_disk_is_spent_on(hello: Project) -> None:
    by_label = {each["label"]: each for each in json.loads(hello.pkgs("gc", "--usage", "--json").out)}

    assert by_label["hello-1.0.0"]["environments"] == 1
    assert by_label["hello-1.0.0"]["size"] > by_label["hello-1.0.0"]["trees"] > 0
    assert "hello-1.0.0\t" in hello.pkgs("gc", "--usage").out
