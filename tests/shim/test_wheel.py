"""pkgs' own wheel, and how locks name the running pkgs."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pkgs
from pkgs.digests import Digest, digest_file
from pkgs.environment.program import Program
from pkgs.errors import LockError
from pkgs.shim.own import own_program
from pkgs.shim.wheel import build_wheel, own_requirements, package_directory
from pkgs.state import State

ROOT = Path(__file__).parents[2]


def _opened() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(build_wheel()))


def test_an_installed_copy_builds_the_same_wheel(tmp_path: Path) -> None:
    _opened().extractall(tmp_path)
    copy = tmp_path / "pkgs"
    (copy / ".hidden").touch()
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "x.pyc").touch()
    script = (
        f"import sys; sys.path.insert(0, {str(copy.parent)!r})\n"
        "from pkgs.shim.wheel import build_wheel; sys.stdout.buffer.write(build_wheel())"
    )

    built = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, check=True).stdout
    assert built == build_wheel()


def test_the_wheel_brings_the_manifests() -> None:
    assert {"pkgs/manifests/dagu.hcl", "pkgs/manifests/tiup.hcl"} <= set(_opened().namelist())


def test_the_wheel_holds_the_package_and_its_shell_files() -> None:
    names = _opened().namelist()

    for name in ("pkgs/__main__.py", "pkgs/shim/files/pkgs", "pkgs/requirements.txt", "pkgs/py.typed"):
        assert name in names
    assert not [name for name in names if ".pyc" in name]


def test_the_wheels_record_fits_its_members() -> None:
    wheel = _opened()
    info = f"pkgs-{pkgs.__version__}.dist-info"
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(wheel.read(f"{info}/RECORD").decode()))}

    assert set(rows) == set(wheel.namelist())
    for name, (digest, size) in rows.items():
        if not name.endswith("/RECORD"):
            data = wheel.read(name)
            assert int(size) == len(data)
            assert digest == "sha256=" + base64.urlsafe_b64encode(
                hashlib.sha256(data).digest()
            ).decode().rstrip("=")


def test_the_requirements_cover_every_dependency_of_the_project() -> None:
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = {line.partition("==")[0] for line in own_requirements()}

    assert {re.split(r"[<>=!~ ]", each)[0] for each in declared} <= listed


def test_every_requirement_is_one_version_with_digests_and_nothing_else() -> None:
    for line in own_requirements():
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^;#]+?)?( --hash=sha256:[0-9a-f]{64})+", line), line


def test_the_requirements_file_names_no_index() -> None:
    text = (package_directory() / "requirements.txt").read_text()

    assert "://" not in text
    assert "index" not in text


def test_elsewhere_pkgs_is_named_by_the_wheel_which_the_store_then_holds(tmp_path: Path) -> None:
    state = State(tmp_path)
    claimed: list[Digest] = []
    url = "https://example.invalid/pkgs.whl"

    program = own_program(state, tmp_path / "project" / "bin", url, claimed.append)
    blob = state.blobs / program.sha256[:2] / program.sha256
    assert digest_file(blob).hex == program.sha256
    assert (program.path, program.url) == ("", url)
    assert claimed == [Digest(program.sha256)]
    assert blob.read_bytes() == build_wheel()


def test_a_damaged_wheel_in_the_store_is_replaced(tmp_path: Path) -> None:
    state = State(tmp_path)
    blob = state.blob(digest_file(_write(tmp_path / "wheel", build_wheel())))
    _write(blob, b"cut off")

    own_program(state, tmp_path / "project" / "bin", "", lambda digest: None)
    assert blob.read_bytes() == build_wheel()


def test_in_its_own_checkout_pkgs_is_named_by_its_path(tmp_path: Path) -> None:
    claimed: list[Digest] = []
    program = own_program(State(tmp_path), ROOT / "bin", "", claimed.append)

    assert claimed == []
    assert (program.path, program.sha256) == ("../src/pkgs", "")
    assert list(tmp_path.iterdir()) == []


def test_a_program_survives_the_lock() -> None:
    program = Program("1", ("a==1 --hash=sha256:0", "b==2"), path="../src/pkgs")

    assert Program.decode(program.encode()) == program
    assert next(iter(program.encode())) == "id"


def test_the_id_tells_programs_apart_but_not_checkouts() -> None:
    libraries = ("a==1", "b==2")
    by_path = Program("1", libraries, path="../src/pkgs")

    assert by_path.id == Program("2", libraries[::-1], path="src/pkgs").id
    assert by_path.id != Program("1", libraries, sha256="0" * 64).id
    assert by_path.id != Program("1", libraries[:1], path="../src/pkgs").id


def test_a_table_that_was_edited_is_refused() -> None:
    table = Program("1", ("a==1",), path="../src/pkgs").encode()

    with pytest.raises(LockError):
        Program.decode({**table, "requirements": ["a==2"]})


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
