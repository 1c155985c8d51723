"""Whatever URLs, headers and bodies there are, a user reads a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pkgs.artifact.certificates import CertificateClient
from pkgs.artifact.failures import host_of, shown
from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.git import GitSource
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.model import Artifact
from pkgs.artifact.npm import NpmClient
from pkgs.artifact.oci import OciClient
from pkgs.artifact.patience import Patience
from pkgs.artifact.pypi import PypiClient
from pkgs.artifact.transport import Answer, Request
from pkgs.artifact.web import Web
from pkgs.errors import PkgsError
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX

_STARTS = [
    "", "http://", "HTTPS://", "https://[", "http://me:secret@", "npm:", "pypi:", "oci://", "file:", "file://",
]  # fmt: skip
_PIECES = [
    "://", ":", "/", "//", "@", "[", "]", "::1", "%", "%00", "..", "?", "#", "&", "=", "a", "host.invalid",
    "127.0.0.1:9", "\u2100", "\xe4", "\x00", "\n", " ", "\\", "9" * 25, "-", "1.0.0", "==",
    "sha256:" + "1" * 64, "\udcff", "xn--", "~", "${env}", "{", "}", "'", '"', "*",
]  # fmt: skip
URLS = st.builds(
    lambda start, rest: start + "".join(rest),
    st.sampled_from(_STARTS),
    st.lists(st.sampled_from(_PIECES), max_size=5),
)
VARIABLES = URLS.filter(lambda text: "\0" not in text)
KNOWN = st.sampled_from(["http://h.test/x", "npm:x@1.0.0", "pypi:x==1.0.0", "oci://h.test/r:t"])
_WHEEL = '{"files": [{"filename": "x-1.0.0-py3-none-any.whl", "url": %s, "hashes": %s, "yanked": %s}]}'
BODIES = st.sampled_from(
    [
        "", "hello", "null", "[]", '{"token": {}}', '{"versions": {"1.0.0": []}}',
        '{"dist": {"tarball": 5, "integrity": []}}',
        '{"dist": {"tarball": "http://[", "integrity": "sha512-x", "shasum": {}}}',
        '<a href="x-1.0.0-py3-none-any.whl#md5=x">',
        _WHEEL % ('"http://["', '{"sha256": 5}', "{}"), _WHEEL % ('"http://h/"', '{"sha256": null}', "true"),
    ]
)  # fmt: skip
_VALUES: Mapping[str, list[str]] = {
    "content-length": ["5", "x", "-1", "9" * 19],
    "etag": ['"a"', 'W/"a"', '"\xe4"', '"'],
    "content-range": [
        "bytes 0-4/5",
        "bytes 5-9/10",
        "bytes */5",
        "bytes 3-2/1",
        f"bytes {'9' * 20}-{'9' * 20}/{'9' * 20}",
    ],
    "retry-after": ["1", "x", "9" * 30, "Wed, 32 Foo 2015 99:28:30 GMT", ", ,"],
    "date": ["Wed, 21 Oct 2015 07:28:30 GMT", "x"],
    "content-encoding": ["gzip", "identity", "br", "\x1b"],
    "content-type": ["text/html; charset=idna", "application/json; charset="],
    "transfer-encoding": ["chunked"],
}


@dataclass
class _Any:
    """A transport that answers with whatever is drawn."""

    data: st.DataObject
    headers: st.SearchStrategy[Mapping[str, str]] = field(
        default=st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in _VALUES.items()})
    )

    @contextmanager
    def send(self, request: Request) -> Iterator[Answer]:
        draw = self.data.draw
        headers = dict(draw(self.headers))
        if draw(st.booleans()):
            headers["location"] = draw(URLS)
        if draw(st.booleans()):
            headers["www-authenticate"] = f'Bearer realm="{draw(URLS)}"'
        status = draw(st.sampled_from([200, 200, 200, 206, 302, 304, 401, 404, 416, 503]))
        yield Answer(request.url, status, headers, iter((draw(BODIES).encode(),)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_nothing_but_sentences(data: st.DataObject) -> None:
    url, mirror = data.draw(URLS | KNOWN), data.draw(URLS)
    environ = {
        "NPM_CONFIG_REGISTRY": data.draw(VARIABLES),
        "PIP_INDEX_URL": data.draw(VARIABLES),
        "PIP_CONFIG_FILE": "/dev/null",
    }
    environ |= {"PATH": "", "PKGS_CLIENT_CERTS": "h.test=/me.pem"}
    with TemporaryDirectory() as place:
        home, web = Path(place), Web(_Any(data))
        memo, certificates = FileMemo(home / "memo"), CertificateClient(environ)
        npm, pypi = NpmClient(web, environ, home, memo), PypiClient(web, environ, home, memo)
        clients = (certificates, npm, pypi, OciClient(web, environ, home, certificates.tls))
        fetcher = HttpFetcher(_Any(data), clients, Patience(rounds=2, sleep=lambda _: None))
        for what in (
            lambda: fetcher.fetch(Artifact(url, mirrors=(mirror,)), LINUX, home / "file", SilentTask()),
            lambda: fetcher.text(url),
            lambda: GitSource.parse(url),
            lambda: shown(url) + host_of(url),
        ):
            with suppress(PkgsError):
                what()
        fetcher.probe(url)
