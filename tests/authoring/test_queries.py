"""Queries over web pages and JSON, as public manifests write them."""

from __future__ import annotations

import sys

import pytest

from pkgs.authoring.queries import QueryError, html_values, json_values

PAGE = """<html><body><h2> 1.0 </h2><h2>1.1</h2>
<article><h3>v2<b>.1</b></h3><h3>  </h3></article>
<a class="x ref-name" href="/file-v3.1-linux.tgz">three</a>
</body></html>"""


@pytest.mark.parametrize(
    ("xpath", "values"),
    [
        ("//h2/text()", ["1.0", "1.1"]),
        ("//h2", ["1.0", "1.1"]),
        ("//article[*]/h3", ["v2.1"]),
        ("//article[*]/h3/text()[normalize-space(.)]", ["v2"]),
        ("*//a[contains(@class, 'ref-name')]/@href", ["/file-v3.1-linux.tgz"]),
        ("replace((//a[contains(@href, '/file-')])/@href, '^.*/file-v([^-]*)-.*$', '$1')", ["3.1"]),
        ("//h2[1]/text())", ["1.0"]),
        ("//none", []),
        ("count(//h2)", ["2.0"]),
    ],
)
def test_xpath(xpath: str, values: list[str]) -> None:
    assert html_values(PAGE, xpath=xpath) == values


@pytest.mark.parametrize(
    ("css", "values"), [("body > h2:nth-child(2)", ["1.1"]), ("article h3", ["v2"]), ("p", [])]
)
def test_css(css: str, values: list[str]) -> None:
    assert html_values(PAGE, css=css) == values


def test_an_empty_page_has_nothing() -> None:
    assert html_values("", css="a") == []


@pytest.mark.parametrize("query", [{"xpath": "//["}, {"css": "a["}])
def test_a_wrong_query_is_told(query: dict[str, str]) -> None:
    with pytest.raises(QueryError, match="cannot be carried out"):
        html_values(PAGE, **query)


@pytest.mark.parametrize(
    ("program", "values"),
    [
        (".versions[-1].version", ["1.1"]),
        (".versions[].version", ["1.0", "1.1"]),
        (".numbers[]", ["2", "2.5"]),
        (".nothing", []),
    ],
)
def test_jq(program: str, values: list[str]) -> None:
    text = '{"versions": [{"version": "1.0"}, {"version": "1.1"}], "numbers": [2, 2.5]}'

    assert json_values(text, program) == values


@pytest.mark.parametrize(("text", "program"), [("{}", ".["), ("no json", "."), ("[1]", ".a")])
def test_a_wrong_program_or_text_is_told(text: str, program: str) -> None:
    with pytest.raises(QueryError, match="jq program"):
        json_values(text, program)


def test_without_the_extra_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    monkeypatch.setitem(sys.modules, "jq", None)

    with pytest.raises(QueryError) as page:
        html_values(PAGE, css="a")
    with pytest.raises(QueryError) as document:
        json_values("{}", ".")

    assert "pkgs[authoring]" in page.value.hint
    assert "pkgs[authoring]" in document.value.hint
