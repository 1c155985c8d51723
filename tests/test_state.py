"""Where the state directory is."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pkgs.state import State


@pytest.mark.parametrize("home", ["/home/somebody", "/", "/a b/c"])
@pytest.mark.parametrize("cache", [None, "", "/elsewhere"])
def test_it_is_where_platformdirs_says(monkeypatch: pytest.MonkeyPatch, home: str, cache: str | None) -> None:
    environ = {"HOME": home}
    monkeypatch.setenv("HOME", home)
    if cache is not None:
        environ["XDG_CACHE_HOME"] = cache
        monkeypatch.setenv("XDG_CACHE_HOME", cache)

    assert State.of(environ).root == user_cache_path("pkgs", appauthor=False)


def test_a_variable_decides_before_that(tmp_path: Path) -> None:
    assert State.of({"PKGS_STATE_DIR": str(tmp_path), "HOME": "/h"}).root == tmp_path


def test_a_way_around_leads_where_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/away")

    assert State.of({"PKGS_STATE_DIR": f"{tmp_path}/link/../state"}).root == tmp_path / "far" / "state"
