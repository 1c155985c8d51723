"""Which proxy the environment means."""

from __future__ import annotations

import pytest

from pkgs.artifact.proxies import proxy_for


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://a.test/", ""),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.test/", ""),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, "https://a.test/", "http://low:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up:1"}, "https://a.test/", ""),
        ({"ALL_PROXY": "http://p:1"}, "http://a.test/", "http://p:1"),
        ({"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}, "http://a.test/", ""),
        ({"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"}, "http://a.test/", "http://p:1"),
    ],
)
def test_variables(environ: dict[str, str], url: str, proxy: str) -> None:
    assert proxy_for(url, environ) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "host", "bypassed"),
    [
        ("*", "a.test", True),
        ("a.test", "a.test", True),
        ("A.Test", "a.test", True),
        ("a.test", "b.a.test", True),
        (".a.test", "b.a.test", True),
        ("*.a.test", "b.a.test", True),
        ("a.test", "ba.test", False),
        ("b.test, a.test", "a.test", True),
        ("a.test:8080", "a.test:8080", True),
        ("a.test:8080", "a.test", False),
        ("a.test:443", "a.test", True),
        ("c.test a.test", "a.test", True),
        ("a.test:" + "9" * 30, "a.test", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "[::1]", True),
        ("fd00::/8", "[fd12::1]", True),
        ("", "a.test", False),
        (" , ", "a.test", False),
    ],
)
def test_exceptions(no_proxy: str, host: str, bypassed: bool) -> None:
    environ = {"ALL_PROXY": "http://p:1", "NO_PROXY": no_proxy}

    assert (proxy_for(f"https://{host}/", environ) == "") is bypassed
