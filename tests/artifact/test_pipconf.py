"""The settings of pip and uv."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from pkgs.artifact.locations import basic
from pkgs.artifact.pipconf import read_config
from pkgs.errors import FetchError

NO_FILES = {"PIP_CONFIG_FILE": os.devnull}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_variables_name_the_index(name: str, tmp_path: Path) -> None:
    assert read_config(NO_FILES | {name: "https://i.test/simple"}, tmp_path).index == "https://i.test/simple"


def test_uv_may_give_an_index_a_name(tmp_path: Path) -> None:
    environ = NO_FILES | {
        "UV_DEFAULT_INDEX": "main=https://i.test/?a=b",
        "UV_INDEX": "a=https://a.test https://b.test",
    }

    config = read_config(environ, tmp_path)

    assert (config.index, config.extra) == ("https://i.test/?a=b", ("https://a.test", "https://b.test"))


def test_pips_files(tmp_path: Path) -> None:
    named = tmp_path / "named.conf"
    _write(tmp_path / ".config/pip/pip.conf", "[global]\nindex-url = https://user.test\ncert = /ca.pem\n")
    _write(
        named,
        "[global]\nindex_url = https://named.test\nextra-index-url =\n  https://a.test\n  https://b.test\n",
    )

    user = read_config({}, tmp_path)
    config = read_config({"PIP_CONFIG_FILE": str(named)}, tmp_path)

    assert (user.index, user.cafile) == ("https://user.test", "/ca.pem")
    assert (config.index, config.extra) == ("https://named.test", ("https://a.test", "https://b.test"))
    assert read_config(NO_FILES, tmp_path).index == ""


def test_uvs_files(tmp_path: Path) -> None:
    _write(
        tmp_path / ".config/uv/uv.toml",
        '[[index]]\nurl = "https://extra.test"\n[[index]]\nurl = "https://i.test"\ndefault = true\n'
        '[[index]]\nurl = "https://never.test"\nexplicit = true\n',
    )
    _write(
        tmp_path / "older.toml", 'index-url = "https://old.test"\nextra-index-url = ["https://more.test"]\n'
    )

    config = read_config(NO_FILES, tmp_path)
    older = read_config(NO_FILES | {"UV_CONFIG_FILE": str(tmp_path / "older.toml")}, tmp_path)

    assert (config.index, config.extra) == ("https://i.test", ("https://extra.test",))
    assert (older.index, older.extra) == ("https://old.test", ("https://more.test",))


@pytest.mark.parametrize(
    ("name", "variable", "text"),
    [
        ("pip.conf", "PIP_CONFIG_FILE", "= [nonsense"),
        ("uv.toml", "UV_CONFIG_FILE", "= [nonsense"),
        ("uv.toml", "UV_CONFIG_FILE", f"deep = {'[' * 100_000}"),
    ],
    ids=["pip", "uv", "uv-deep"],
)
def test_a_broken_file_is_named(name: str, variable: str, text: str, tmp_path: Path) -> None:
    _write(tmp_path / name, text)

    with pytest.raises(FetchError, match=f"{name} cannot be understood"):
        read_config({variable: str(tmp_path / name)}, tmp_path)


def test_credentials_of_the_index_go_to_its_host_only(tmp_path: Path) -> None:
    index = "https://me:se%40cret@i.test/simple"
    config = read_config(NO_FILES | {"PIP_INDEX_URL": index}, tmp_path)

    assert config.location("https://i.test/f.whl", index).headers == basic("me", "se@cret")
    assert config.location("https://files.test/f.whl", index).headers == {}
    assert config.location(index, index).url == "https://i.test/simple"


def test_a_password_in_the_environment_may_be_in_any_encoding(tmp_path: Path) -> None:
    index = os.fsdecode(b"https://me:s\xe9@i.test/simple")

    headers = read_config(NO_FILES | {"PIP_INDEX_URL": index}, tmp_path).location(index, index).headers

    assert base64.b64decode(headers["Authorization"].partition(" ")[2]) == b"me:s\xe9"


def test_netrc_helps_where_the_url_says_nothing(tmp_path: Path) -> None:
    _write(tmp_path / ".netrc", "machine i.test login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    config = read_config(NO_FILES, tmp_path)

    assert config.location("https://i.test/f.whl", "https://i.test").headers == basic("me", "secret")
    assert config.location("https://o.test/f.whl", "https://i.test").headers == {}


def test_trusted_hosts_are_taken_at_their_word(tmp_path: Path) -> None:
    config = read_config(NO_FILES | {"PIP_TRUSTED_HOST": "i.test j.test:8443"}, tmp_path)
    verified = [
        config.location(f"https://{host}/f", "").tls.verify for host in ("i.test", "j.test:8443", "j.test")
    ]

    assert verified == [False, False, True]


def test_macos_has_places_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _write(tmp_path / "Library/Application Support/pip/pip.conf", "[global]\nindex-url = https://mac.test\n")
    monkeypatch.setattr("sys.platform", "darwin")

    assert read_config({}, tmp_path).index == "https://mac.test"
