"""Queries over web pages and JSON: the home of lxml, cssselect and jq, which only ``auto-version`` needs.

They come with the extra ``pkgs[authoring]``. The dialects are hermit's as far as public manifests use them:
antchfx's XPath, which knows ``replace()`` and overlooks a closing parenthesis too many; CSS; and jq.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pkgs.errors import PkgsError

_GROUP = re.compile(r"\$(\d)")
_HINT = "install pkgs with its extra: pip install 'pkgs[authoring]'; bin/pkgs runs it if PKGS_EXE names it"


class QueryError(PkgsError):
    """A query is wrong, or cannot be carried out."""


def html_values(text: str, *, xpath: str = "", css: str = "") -> list[str]:
    """Return what ``xpath``, or without one ``css``, finds in a page, trimmed; raise :class:`QueryError`.

    XPath finds elements (their whole text), attributes, texts, or one string; CSS elements (the text they
    begin with).
    """
    try:
        from cssselect import SelectorError
        from lxml import etree, html
    except ImportError as error:
        raise QueryError("reading web pages takes lxml and cssselect, which are not here", _HINT) from error
    try:
        tree = html.document_fromstring(text or "<html/>")
        found = _xpath(tree, xpath) if xpath else [each.text or "" for each in tree.cssselect(css)]
    except (etree.LxmlError, SelectorError, re.error) as error:
        raise QueryError(f"the query {xpath or css!r} cannot be carried out: {error}") from error
    return [value for each in found if (value := each.strip())]


def _xpath(tree: Any, expression: str) -> list[str]:
    extensions = {(None, "replace"): _replace}
    found = tree.getroottree().xpath(_balanced(expression), extensions=extensions)
    return [_string(each) for each in found] if isinstance(found, list) else [_string(found)]


def _replace(_: object, value: object, pattern: str, replacement: str) -> str:
    """XPath 2.0's ``replace()``: of several nodes the first one's text counts."""
    first = (value[0] if value else "") if isinstance(value, list) else value
    return re.sub(pattern, _GROUP.sub(r"\\\1", replacement), _string(first))


def _string(value: Any) -> str:
    return "".join(value.itertext()) if hasattr(value, "itertext") else str(value)


def _balanced(expression: str) -> str:
    """Return ``expression`` without closing parentheses at its end that nothing opened."""
    while expression.endswith(")") and expression.count(")") > expression.count("("):
        expression = expression[:-1].rstrip()
    return expression


def json_values(text: str, program: str) -> list[str]:
    """Return every output of a jq program, strings as they are; raise :class:`QueryError`."""
    try:
        import jq
    except ImportError as error:
        raise QueryError("reading JSON takes jq's library, which is not here", _HINT) from error
    try:
        outputs = jq.compile(program).input_text(text).all()
    except ValueError as error:
        raise QueryError(f"the jq program {program!r} cannot be carried out: {error}") from error
    return list(_texts(outputs))


def _texts(outputs: list[object]) -> Iterator[str]:
    for each in outputs:
        if each is not None:
            yield each if isinstance(each, str) else json.dumps(each)
