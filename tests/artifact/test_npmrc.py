"""npm's configuration, read as npm reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.artifact.npmrc import NpmConfig, parse, read_config


def _config(text: str, **environ: str) -> NpmConfig:
    return NpmConfig(parse(text, environ), Path("/home/me"))


def test_lines_comments_quotes_and_lists() -> None:
    text = """
        ; a comment
        # another
        registry = "https://r.test/"
        plain = value ; said why
        flag
        ca[] = one
        ca[]="two\\nlines"
    """

    assert parse(text, {}) == {
        "registry": "https://r.test/",
        "plain": "value",
        "flag": "true",
        "ca": ("one", "two\nlines"),
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [("${T}", "secret"), ("a${T}b", "asecretb"), ("${U}", "${U}"), ("${U?}", ""), ("\\${T}", "${T}")],
)
def test_variables_are_expanded(written: str, meant: str) -> None:
    assert parse(f"x={written}", {"T": "secret"}) == {"x": meant}


def test_a_scope_has_its_own_registry() -> None:
    config = _config("registry=https://r.test\n@mine:registry=https://mine.test/npm/")

    assert config.registry("plain") == "https://r.test/"
    assert config.registry("@mine/tool") == "https://mine.test/npm/"
    assert config.registry("@other/tool") == "https://r.test/"
    assert _config("").registry("x") == ""


def test_credentials_belong_to_host_and_path() -> None:
    config = _config(
        "//r.test/:_authToken=outer\n//r.test/deep/:_authToken=${T}\n//b.test:8080/:_auth=YTpi\n"
        "//c.test/:username=me\n//c.test/:_password=c2VjcmV0\n",
        T="inner",
    )

    assert config.credentials("https://r.test/x") == {"Authorization": "Bearer outer"}
    assert config.credentials("https://r.test/deep/x/-/x.tgz") == {"Authorization": "Bearer inner"}
    assert config.credentials("http://b.test:8080/") == {"Authorization": "Basic YTpi"}
    assert config.credentials("https://b.test/") == {}
    assert config.credentials("https://c.test/x") == {"Authorization": "Basic bWU6c2VjcmV0"}
    assert config.credentials("https://r.test.evil/") == {}


def test_certificates() -> None:
    config = _config(
        "cafile=~/ca.pem\nstrict-ssl=false\n//r.test/:certfile=/c.pem\n//r.test/:keyfile=/k.pem\nca=null"
    )

    tls = config.tls("https://r.test/x")

    assert (tls.cafile, tls.cadata, tls.verify) == ("/home/me/ca.pem", "", False)
    assert (tls.certificate, tls.key) == ("/c.pem", "/k.pem")
    assert config.tls("https://other.test/x").certificate == ""
    assert _config("ca[]=A\\nB\nca[]=C").tls("https://r.test").cadata == "A\nB\nC"


def test_nearer_files_and_the_environment_win(tmp_path: Path) -> None:
    home, project, prefix = tmp_path / "home", tmp_path / "project", tmp_path / "prefix"
    files = {home / ".npmrc": "user", project / ".npmrc": "project", prefix / "etc/npmrc": "global"}
    for file in files:
        file.parent.mkdir(parents=True)
    environ = {"npm_config_prefix": str(prefix)}
    found = []
    for file, name in sorted(files.items(), key=lambda item: ["global", "user", "project"].index(item[1])):
        file.write_text(f"registry=https://{name}.test", encoding="utf-8")
        found.append(read_config(environ, home, project).registry("x"))
    found.append(
        read_config(environ | {"NPM_CONFIG_REGISTRY": "https://env.test"}, home, project).registry("x")
    )

    assert found == [
        "https://global.test/",
        "https://user.test/",
        "https://project.test/",
        "https://env.test/",
    ]


def test_another_user_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "rc").write_text("registry=https://named.test", encoding="utf-8")

    config = read_config({"NPM_CONFIG_USERCONFIG": str(tmp_path / "rc")}, tmp_path)

    assert config.registry("x") == "https://named.test/"
