"""The clients of package registries cost nothing before there is a URL for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pkgs.artifact.clients import fetcher_of
from tests.support.server import Server
from tests.support.stores import SOURCES

NOBODY = "http://127.0.0.1:1/"
PROBES = f"""
import json, sys
from pathlib import Path
from pkgs.artifact.clients import fetcher_of
home, url = Path(sys.argv[1]), sys.argv[2]
variables = {{"NPM_CONFIG_REGISTRY": "{NOBODY}", "PIP_INDEX_URL": "{NOBODY}"}}
fetcher = fetcher_of(variables, home, home, home / "memo")
clients = {{"pkgs.artifact.npm", "pkgs.artifact.pypi", "pkgs.artifact.oci"}}
before = clients & sys.modules.keys()
assert not fetcher.probe(url).reachable
print(json.dumps([sorted(before), sorted(clients & sys.modules.keys())]))
"""


@pytest.mark.parametrize(
    ("url", "client"),
    [
        ("npm:@scope/tool@1.0.0", "npm"),
        ("pypi:tool==1.0.0", "pypi"),
        ("oci://127.0.0.1:1/tool:1.0.0", "oci"),
        (f"{NOBODY}npm:tool", ""),
    ],
)
def test_a_client_is_loaded_with_the_first_url_of_its_kind(tmp_path: Path, url: str, client: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBES, tmp_path, url],
        env={"PYTHONPATH": SOURCES},
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout) == [[], [f"pkgs.artifact.{client}"] if client else []]


def test_offline_no_client_and_no_server_is_asked(server: Server, tmp_path: Path) -> None:
    environ = {
        "NPM_CONFIG_REGISTRY": server.url("/"),
        "PIP_INDEX_URL": server.url("/"),
        "http_proxy": server.url(""),
    }
    fetcher = fetcher_of(environ, tmp_path, tmp_path, tmp_path / "memo", offline=True)

    for url in (server.url("/a"), "npm:a@1", "pypi:a==1", f"oci://127.0.0.1:{server.port}/a"):
        assert "pkgs is offline" in fetcher.probe(url).reason
    assert not server.requests
