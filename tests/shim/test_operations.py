"""Operations as shell statements do what ``environment.transform`` does with the same operations."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgs.environment.transform import apply
from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import EnvError
from pkgs.shim.operations import compile_operations
from tests.support.shims import SHELLS, Shims, as_sh

NAMES = ("A", "B", "C")
CASES: dict[str, tuple[Sequence[EnvOp], Mapping[str, str]]] = {
    "set": ([Set("A", 'it\'s "$$x" `id` \\ \n é')], {}),
    "the last of two counts": ([Set("A", "1"), Set("B", "2"), Force("A", "3")], {}),
    "set to nothing": ([Set("A", ""), Force("B", "")], {"A": "1", "B": "1"}),
    "set to what turns out to be nothing": ([Set("A", "${C}")], {"A": "1"}),
    "references": ([Set("A", "$B/${C}:$$B${}$1${A}")], {"A": "a", "B": "b", "C": "it's $B"}),
    "references to what was just set": ([Set("A", "1"), Set("B", "$A"), Set("A", "2"), Set("C", "$A$B")], {}),
    "unset": ([Unset("A"), Unset("B")], {"A": "1"}),
    "prepend": ([Prepend("A", "x")], {"A": "a:b"}),
    "prepend to nothing": ([Prepend("A", "x"), Prepend("B", "x")], {"B": ""}),
    "prepend what is there": ([Prepend("A", "x")], {"A": "a:x:b:x:x"}),
    "prepend what is there alone": ([Prepend("A", "x")], {"A": "x"}),
    "prepend several": ([Prepend("A", "x:y")], {"A": "y:a:x"}),
    "prepend nothing": ([Prepend("A", "${C}")], {"A": "a"}),
    "prepend a pattern": ([Prepend("A", "*[a]?\\")], {"A": "a:*[a]?\\:bb"}),
    "prepend beside empty elements": ([Prepend("A", "x")], {"A": ":a::b:"}),
    "append": ([Append("A", "x"), Append("B", "x"), Append("C", "x:y")], {"A": "a:x:b", "C": "y"}),
    "prefix": ([Prefix("A", "x"), Prefix("B", "x"), Prefix("C", "*")], {"A": "a", "C": "*c"}),
    "prefix of nothing": ([Prefix("A", "x")], {"A": ""}),
    "the user's own path": ([Prepend("A", "x")], {"PKGS_PREPEND_PATH": "/one:/bin"}),
}


def result(script: Path, environ: Mapping[str, str]) -> dict[str, str]:
    done = subprocess.run([script], env=environ, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    pairs = dict(item.split("=", 1) for item in done.stdout.decode().split("\0")[:-1])
    return {name: pairs[name] for name in (*NAMES, "PATH") if name in pairs}


def expected(operations: Sequence[EnvOp], environ: Mapping[str, str]) -> dict[str, str]:
    last = [Prepend("PATH", environ["PKGS_PREPEND_PATH"])] if environ.get("PKGS_PREPEND_PATH") else []
    made = apply(environ, [*operations, *last]).on(environ)
    return {name: made[name] for name in (*NAMES, "PATH") if name in made}


def write_script(place: Path, shell: Path, operations: Sequence[EnvOp]) -> Path:
    lines = [f"#!{shell}", *compile_operations(operations), "exec /usr/bin/env -0", ""]
    place.write_text("\n".join(lines), encoding="utf-8")
    place.chmod(0o755)
    return place


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_makes_the_same_environment(
    tmp_path: Path, shell: str, case: tuple[Sequence[EnvOp], Mapping[str, str]]
) -> None:
    operations, given_environ = case
    environ = {"PATH": "/usr/bin:/bin", **given_environ}
    script = write_script(tmp_path / "script", as_sh(shell, tmp_path / "shells"), operations)

    assert result(script, environ) == expected(operations, environ)


_value = st.text(st.sampled_from("ab:$'\" \\*{}A\n"), max_size=6)
_operation = st.one_of(
    *(st.builds(kind, st.sampled_from(NAMES), _value) for kind in (Set, Force, Prepend, Append, Prefix)),
    st.builds(Unset, st.sampled_from(NAMES)),
)


@settings(max_examples=60)
@given(
    operations=st.lists(_operation, max_size=5),
    values=st.dictionaries(st.sampled_from(NAMES), _value, max_size=3),
)
def test_any_operations_make_the_same_environment(
    tmp_path_factory: pytest.TempPathFactory, operations: list[EnvOp], values: dict[str, str]
) -> None:
    environ = {"PATH": "/usr/bin:/bin", **values}
    script = write_script(tmp_path_factory.mktemp("ops") / "script", Path("/bin/sh"), operations)

    assert result(script, environ) == expected(operations, environ)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A=B", "PPID", "UID", "a b", "A\n"])
def test_a_name_that_no_shell_can_set_is_refused(name: str) -> None:
    with pytest.raises(EnvError):
        compile_operations([Set(name, "x")])


def test_a_tool_with_such_a_variable_is_called_through_pkgs(tmp_path: Path) -> None:
    shims = Shims.make(tmp_path, tmp_path / "bin")
    shims.install("tool", [Set("UID", "1")])

    assert shims.call(shims.bin_dir / "tool")[0] == "pkgs"


def test_the_tool_gets_the_environment_that_was_planned(tmp_path: Path) -> None:
    shims = Shims.make(tmp_path, tmp_path / "bin")
    tool = shims.install("tool", [Prepend("PATH", str(shims.bin_dir)), Set("A", "$B$$")])
    environ = shims.environ(B="b", PATH="/bin", SHOW='printf "%s\\0" "$A" "$PATH"')

    assert shims.call(shims.bin_dir / "tool", environ=environ) == [
        str(tool.target),
        "b$",
        f"{shims.bin_dir}:/bin",
    ]
