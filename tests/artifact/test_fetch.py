"""Fetching against a server that does what servers do."""

from __future__ import annotations

import gzip
import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.artifact.failures import shown
from pkgs.artifact.fetch import HttpFetcher, Received
from pkgs.artifact.local import pieces
from pkgs.artifact.model import Artifact
from pkgs.artifact.partial import Partial, Progress
from pkgs.artifact.patience import Patience
from pkgs.artifact.transport import HttpxTransport, Timeouts
from pkgs.digests import Digest, digest_bytes
from pkgs.errors import DigestMismatchError, FetchError, StoreError
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX
from tests.support.kills import count_changes, run_and_kill
from tests.support.server import Reply, Server, redirect

DATA = bytes(range(256)) * 1000
DIGEST = digest_bytes(DATA)
Get = Callable[[Artifact], Received]


class _Task(SilentTask):
    """Adds up what it is told."""

    def __init__(self) -> None:
        self.done = 0
        self.size: int | None = None

    def total(self, size: int | None) -> None:
        self.size = size

    def advance(self, size: int) -> None:
        self.done += size

    def restart(self, done: int) -> None:
        self.done = done


def _left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.iterdir())


def _cut(tmp_path: Path, url: str, *, data: bytes = DATA[:1000], etag: str = '"1"') -> Path:
    """Leave what a killed download leaves."""
    into = tmp_path / "file"
    into.write_bytes(data)
    note = {"url": url, "etag": etag, "total": len(DATA)}
    into.with_name("file.resume").write_text(json.dumps(note), encoding="utf-8")
    return into


def test_bytes_arrive_with_digest_size_and_etag(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, etag='"1"'))

    received = get(Artifact(url, DIGEST, len(DATA)))

    assert received == Received(DIGEST, len(DATA), url, '"1"')
    assert (tmp_path / "file").read_bytes() == DATA
    assert _left(tmp_path) == ["file"]
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_the_task_hears_of_every_byte(server: Server, fetcher: HttpFetcher, tmp_path: Path) -> None:
    task = _Task()

    fetcher.fetch(Artifact(server.add("/a", Reply(DATA))), LINUX, tmp_path / "file", task)

    assert (task.done, task.size) == (len(DATA), len(DATA))


def test_wrong_digest_names_both_and_leaves_nothing(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA))

    with pytest.raises(DigestMismatchError) as caught:
        get(Artifact(url, Digest("0" * 64)))

    assert DIGEST.hex in caught.value.message
    assert "0" * 64 in caught.value.message
    assert len(server.requests) == 1
    assert _left(tmp_path) == []


def test_wrong_size_names_both_without_downloading(server: Server, get: Get, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=f"is {len(DATA)} bytes, but 7 are recorded"):
        get(Artifact(server.add("/a", Reply(DATA)), DIGEST, 7))

    assert _left(tmp_path) == []


def test_more_bytes_than_recorded_are_not_read(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, content_length="none"))

    with pytest.raises(FetchError, match="is longer than 7 bytes, but 7 are recorded"):
        get(Artifact(url, None, 7))

    assert _left(tmp_path) == []


def test_nothing_larger_than_the_limit_is_read(server: Server, fetcher: HttpFetcher, tmp_path: Path) -> None:
    fetcher._largest = 1000
    silent = Reply(DATA, content_length="none")
    for path, reply, how in (("/a", Reply(DATA), "is 256000 bytes"), ("/b", silent, "is longer than")):
        with pytest.raises(FetchError, match=f"{how}.* limit of 1000"):
            fetcher.fetch(Artifact(server.add(path, reply)), LINUX, tmp_path / "file", SilentTask())


def test_server_errors_are_tried_again_with_growing_pauses(
    server: Server, get: Get, pauses: list[float]
) -> None:
    url = server.add("/a", Reply(status=503), Reply(status=500), Reply(DATA))

    assert get(Artifact(url, DIGEST)).digest == DIGEST
    assert pauses == [1.0, 2.0]


def test_pauses_differ_by_chance_between_a_half_and_the_whole(
    server: Server, transport: HttpxTransport, tmp_path: Path
) -> None:
    url = server.add("/a", Reply(status=503))
    shortest: list[float] = []
    usual: list[float] = []

    for patience in (Patience(sleep=shortest.append, random=lambda: 0.0), Patience(sleep=usual.append)):
        fetcher = HttpFetcher(transport, patience=patience)
        with pytest.raises(FetchError, match="answers 503"):
            fetcher.fetch(Artifact(url), LINUX, tmp_path / "file", SilentTask())

    assert shortest == [0.5, 1.0]
    assert 0.5 <= usual[0] < 1 <= usual[1] < 2


def test_three_rounds_are_the_end(server: Server, get: Get) -> None:
    url = server.add("/a", Reply(status=503))

    with pytest.raises(FetchError, match="answers 503") as caught:
        get(Artifact(url, DIGEST))

    assert len(server.requests) == 3
    assert "mirror" in caught.value.hint


def test_retry_after_is_heeded_up_to_a_minute(server: Server, get: Get, pauses: list[float]) -> None:
    patient = server.add("/a", Reply(status=429, headers={"Retry-After": "7"}), Reply(DATA))
    demanding = server.add("/b", Reply(status=429, headers={"Retry-After": "3600"}), Reply(DATA))

    get(Artifact(patient))
    with pytest.raises(FetchError, match="429"):
        get(Artifact(demanding))

    assert pauses == [7.0]
    assert len(server.seen("/b")) == 1


def test_who_asks_for_a_pause_has_it_while_others_are_tried(
    server: Server, get: Get, pauses: list[float]
) -> None:
    busy = Reply(status=429, headers={"Retry-After": "30"})
    patient = server.add("/a", busy, busy, Reply(DATA))
    broken = server.add("/b", Reply(status=503, delay=0.05))

    assert get(Artifact(patient, DIGEST, mirrors=(broken,))).url == patient
    assert [request.path for request in server.requests] == ["/a", "/b", "/b", "/a", "/b", "/a"]
    assert pauses == [1.0, 29.0, 2.0, 28.0]


@pytest.mark.parametrize(
    ("status", "hint"), [(404, "check the version"), (401, "credentials"), (403, "allow")]
)
def test_what_will_not_change_is_not_tried_again(server: Server, get: Get, status: int, hint: str) -> None:
    url = server.add("/a", Reply(status=status))

    with pytest.raises(FetchError, match=f"cannot fetch {url}: .* answers {status}") as caught:
        get(Artifact(url))

    assert hint in caught.value.hint
    assert len(server.requests) == 1


def test_mirrors_follow_in_order_and_the_one_that_served_is_named(server: Server, get: Get) -> None:
    bad, good = server.add("/a", Reply(status=404)), server.add("/b", Reply(DATA))

    received = get(Artifact(bad, DIGEST, mirrors=(good, server.url("/c"))))

    assert received.url == good
    assert not server.seen("/c")


def test_a_mirror_with_other_bytes_does_not_stop_the_next(server: Server, get: Get) -> None:
    bad, good = server.add("/a", Reply(b"evil")), server.add("/b", Reply(DATA))

    assert get(Artifact(bad, DIGEST, mirrors=(good,))).url == good


def test_a_second_round_begins_with_who_answered_fastest(server: Server, get: Get) -> None:
    slow = server.add("/slow", Reply(status=503, delay=0.1))
    dead = "http://127.0.0.1:9/dead"
    fast = server.add("/fast", Reply(status=503), Reply(DATA))

    get(Artifact(dead, DIGEST, mirrors=(slow, fast)))

    assert [request.path for request in server.requests] == ["/slow", "/fast", "/fast"]


def test_all_origins_failing_names_each(server: Server, get: Get) -> None:
    one, two = server.add("/a", Reply(status=404)), server.add("/b", Reply(b"evil"))

    with pytest.raises(DigestMismatchError) as caught:
        get(Artifact(one, DIGEST, mirrors=(two,)))

    assert one in caught.value.message
    assert two in caught.value.message


@pytest.mark.parametrize(
    "fault",
    [
        Reply(DATA, truncate_after=100_000, etag='"1"'),
        Reply(DATA, reset_after=100_000, etag='"1"'),
        Reply(DATA, stall_after=100_000, etag='"1"'),
    ],
    ids=["truncated", "reset", "stalled"],
)
def test_a_cut_download_goes_on_where_it_stopped(server: Server, tmp_path: Path, fault: Reply) -> None:
    url = server.add("/a", fault, Reply(DATA, etag='"1"'))

    with HttpxTransport({}, Timeouts(stall=1)) as transport:
        fetcher = HttpFetcher(transport, patience=Patience(sleep=lambda _: None))
        received = fetcher.fetch(Artifact(url, DIGEST), LINUX, tmp_path / "file", SilentTask())

    assert received.digest == DIGEST
    second = server.requests[1].headers
    assert second["if-range"] == '"1"'
    assert 0 < int(second["range"].removeprefix("bytes=").rstrip("-")) <= 100_000
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_download_that_stays_cut_says_so_and_keeps_its_part(
    server: Server, get: Get, tmp_path: Path
) -> None:
    url = server.add("/a", Reply(DATA, truncate_after=1000, ranges="ignored"))

    with pytest.raises(FetchError, match="broke off") as caught:
        get(Artifact(url, DIGEST))

    assert "goes on where it stopped" in caught.value.hint
    assert _left(tmp_path) == ["file", "file.resume"]


def test_another_process_goes_on_after_a_kill(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, stall_after=200_000, etag='"1"'), Reply(DATA, etag='"1"'))
    program = (
        "import sys\nfrom pathlib import Path\nfrom pkgs.artifact.fetch import HttpFetcher\n"
        "from pkgs.artifact.model import Artifact\nfrom pkgs.artifact.transport import HttpxTransport\n"
        "from pkgs.platforms import Platform\nfrom pkgs.progress import SilentTask\n"
        "class T(SilentTask):\n  n = 0\n  def advance(self, size):\n    self.n += size\n"
        "    if self.n >= 100_000: print('.', flush=True)\n"
        "HttpFetcher(HttpxTransport({})).fetch(Artifact(sys.argv[1]), Platform('linux', 'amd64'), "
        "Path(sys.argv[2]), T())\n"
    )
    source = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-c", program, url, str(tmp_path / "file")]
    with subprocess.Popen(command, env={"PYTHONPATH": str(source)}, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b".\n"
        child.kill()
    have = (tmp_path / "file").stat().st_size

    assert get(Artifact(url, DIGEST)).digest == DIGEST
    assert have >= 100_000
    assert server.requests[1].headers["range"] == f"bytes={have}-"


def test_a_kill_at_the_beginning_gives_no_old_bytes_a_new_name(tmp_path: Path) -> None:
    new = Progress("http://host.test/a", '"2"', len(DATA))

    def begin() -> None:
        with Partial(tmp_path / "file").begin(new):
            pass

    _cut(tmp_path, new.url)
    changes = count_changes(begin, tmp_path)
    assert changes > 2
    for before in range(changes):
        _cut(tmp_path, new.url)
        run_and_kill(begin, tmp_path, before)
        assert Partial(tmp_path / "file").progress() in (None, replace(new, etag='"1"'))


def test_resuming_counts_what_is_there(server: Server, fetcher: HttpFetcher, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, etag='"1"'))
    task = _Task()

    fetcher.fetch(Artifact(url, DIGEST), LINUX, _cut(tmp_path, url), task)

    assert (task.done, task.size) == (len(DATA), len(DATA))


@pytest.mark.parametrize("how", ["ignored", "refused", "shifted"])
def test_a_server_that_gets_ranges_wrong_is_asked_for_the_whole(
    server: Server, get: Get, tmp_path: Path, how: str
) -> None:
    reply = Reply(DATA, etag='"1"', ranges=how)  # type: ignore[arg-type]
    url = server.add("/a", reply)
    _cut(tmp_path, url)

    assert get(Artifact(url)).digest == DIGEST
    assert _left(tmp_path) == ["file"]


def test_a_changed_etag_begins_anew(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, etag='"2"'))
    _cut(tmp_path, url, data=b"old" * 100)

    assert get(Artifact(url)).digest == DIGEST


def test_a_rest_of_another_file_is_not_appended(server: Server, get: Get, tmp_path: Path) -> None:
    """Some servers know ranges but not If-Range."""
    rest = {"Content-Range": f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"}
    url = server.add("/a", Reply(DATA[1000:], status=206, headers=rest, etag='"2"'), Reply(DATA, etag='"2"'))
    _cut(tmp_path, url, data=b"x" * 1000)

    assert get(Artifact(url)).digest == DIGEST


def test_a_rest_of_a_file_of_another_size_is_not_appended(server: Server, get: Get, tmp_path: Path) -> None:
    """Some servers know ranges, but no ETags of what they send by them."""
    newer = b"newer" + DATA
    rest = {"Content-Range": f"bytes 1000-{len(newer) - 1}/{len(newer)}"}
    url = server.add("/a", Reply(newer[1000:], status=206, headers=rest), Reply(newer))
    _cut(tmp_path, url)

    assert get(Artifact(url)).digest == digest_bytes(newer)


def _partly(first: int, last: int, total: object, etag: str = '"1"') -> Reply:
    """Answer with these bytes, whatever is asked."""
    headers = {"Content-Range": f"bytes {first}-{last}/{total}"}
    return Reply(DATA[first : last + 1], status=206, headers=headers, etag=etag)


@pytest.mark.parametrize("total", [len(DATA), "*"])
def test_a_part_of_the_rest_is_not_taken_for_all_of_it(
    server: Server, get: Get, tmp_path: Path, total: object
) -> None:
    url = server.add("/a", _partly(1000, 1999, total), Reply(DATA, etag='"1"'))
    _cut(tmp_path, url)

    assert get(Artifact(url)).digest == DIGEST
    assert [request.headers["range"] for request in server.requests] == ["bytes=1000-", "bytes=2000-"]


def test_more_than_the_rest_is_not_taken_for_the_file(server: Server, get: Get, tmp_path: Path) -> None:
    rest = {"Content-Range": f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"}
    longer = Reply(DATA[1000:] + b"junk", status=206, headers=rest, etag='"1"', content_length="none")
    url = server.add("/a", longer, Reply(DATA, etag='"1"'))
    _cut(tmp_path, url)

    assert get(Artifact(url)).digest == DIGEST


@pytest.mark.parametrize("size", ["9" * 5000, "-1", "1e3", "", "٣"])
def test_a_range_of_no_number_is_none(server: Server, get: Get, tmp_path: Path, size: str) -> None:
    rest = {"Content-Range": f"bytes 1000-{len(DATA) - 1}/{size}".encode().decode("latin-1")}
    url = server.add("/a", Reply(DATA[1000:], status=206, headers=rest, etag='"1"'), Reply(DATA))
    _cut(tmp_path, url)

    assert get(Artifact(url)).digest == DIGEST


@pytest.mark.parametrize("status", [400, 403, 405, 412, 501])
def test_who_refuses_to_send_a_part_is_asked_for_the_whole(
    server: Server, get: Get, tmp_path: Path, status: int
) -> None:
    whole_only = lambda request: Reply(DATA, status=status if "range" in request.headers else 200)  # noqa: E731
    url = server.add("/a", whole_only)
    _cut(tmp_path, url)

    assert get(Artifact(url, DIGEST)).digest == DIGEST


def test_a_part_outlives_a_refusal_of_everything(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(status=403))
    _cut(tmp_path, url)

    with pytest.raises(FetchError, match="answers 403"):
        get(Artifact(url, DIGEST))
    assert _left(tmp_path) == ["file", "file.resume"]


def test_an_etag_that_cannot_be_sent_back_vouches_for_nothing(
    server: Server, get: Get, tmp_path: Path
) -> None:
    etag = '"ä"'
    url = server.add("/a", Reply(DATA, etag=etag, truncate_after=1000), Reply(DATA, etag=etag))

    assert get(Artifact(url)).digest == DIGEST
    assert "range" not in server.requests[1].headers


def test_an_encoding_of_unknown_length_is_undone(server: Server, get: Get) -> None:
    url = server.add("/a.zip", Reply(DATA, gzip=True, content_length="none"))

    assert get(Artifact(url, DIGEST, len(DATA))).size == len(DATA)


@pytest.mark.parametrize("status", [201, 203, 204, 206, 300, 304])
def test_only_200_is_an_answer_to_a_first_request(
    server: Server, get: Get, tmp_path: Path, status: int
) -> None:
    url = server.add("/a", Reply(DATA if status not in (204, 304) else b"", status=status))

    with pytest.raises(FetchError, match=f"answers {status}, which was not asked for"):
        get(Artifact(url))
    assert len(server.requests) == 1
    assert _left(tmp_path) == []


def test_a_part_without_strong_etag_or_digest_is_not_trusted(
    server: Server, get: Get, tmp_path: Path
) -> None:
    url = server.add("/a", Reply(DATA, etag='W/"1"'))
    _cut(tmp_path, url, data=b"old" * 100, etag='W/"1"')

    assert get(Artifact(url)).digest == DIGEST
    assert "range" not in server.requests[0].headers


def test_a_part_goes_on_from_a_mirror_where_the_digest_is_known(
    server: Server, get: Get, tmp_path: Path
) -> None:
    mirror = server.add("/b", Reply(DATA, etag='"other"'))
    _cut(tmp_path, server.url("/a"))

    get(Artifact(server.add("/a", Reply(status=404)), DIGEST, mirrors=(mirror,)))

    assert [request.headers["range"] for request in server.seen("/b")] == ["bytes=1000-"]
    assert "if-range" not in server.seen("/b")[0].headers


def test_a_damaged_part_is_found_out_and_replaced(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a", Reply(DATA, etag='"1"'))
    _cut(tmp_path, url, data=b"x" * 1000)

    assert get(Artifact(url, DIGEST)).digest == DIGEST
    assert [request.headers.get("range") for request in server.requests] == ["bytes=1000-", None]


def test_a_part_that_is_whole_needs_no_request(server: Server, get: Get, tmp_path: Path) -> None:
    _cut(tmp_path, server.url("/a"), data=DATA)

    assert get(Artifact(server.url("/a"), DIGEST)).digest == DIGEST
    assert not server.requests


def test_a_damaged_note_is_ignored(server: Server, get: Get, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for text in ("", "[]", '{"url": 1}', "\x00"):
        (tmp_path / "file.resume").write_text(text, encoding="utf-8")
        assert get(Artifact(server.add("/a", Reply(DATA)), DIGEST)).digest == DIGEST


def test_an_early_end_without_a_length_is_noticed_by_the_recorded_size(server: Server, get: Get) -> None:
    url = server.add("/a", Reply(DATA, content_length="none", truncate_after=1000, ranges="ignored"))

    with pytest.raises(FetchError, match=f"1000 of {len(DATA)} bytes arrived"):
        get(Artifact(url, DIGEST, len(DATA)))


def test_a_lie_about_the_length_is_noticed(server: Server, get: Get) -> None:
    with pytest.raises(DigestMismatchError):
        get(Artifact(server.add("/short", Reply(DATA, content_length=len(DATA) - 5)), DIGEST))
    with pytest.raises(FetchError, match="broke off"):
        get(Artifact(server.add("/long", Reply(DATA, content_length=len(DATA) + 5, ranges="ignored"))))


def test_an_encoding_nobody_asked_for_is_undone(server: Server, get: Get, tmp_path: Path) -> None:
    url = server.add("/a.zip", Reply(DATA, gzip=True))

    assert get(Artifact(url, DIGEST, len(DATA))).size == len(DATA)
    assert get(Artifact(url)).digest == DIGEST
    assert _left(tmp_path) == ["file"]
    with pytest.raises(FetchError, match=f"is {len(DATA)} bytes, but {len(DATA) + 1} are recorded"):
        get(Artifact(url, None, len(DATA) + 1))


def test_a_published_gzip_file_stays_one_whatever_the_server_calls_it(server: Server, get: Get) -> None:
    packed = gzip.compress(DATA)
    url = server.add("/a.tar.gz", Reply(packed, headers={"Content-Encoding": "gzip"}))

    assert get(Artifact(url)).digest == digest_bytes(packed)
    assert get(Artifact(url, digest_bytes(packed), len(packed))).size == len(packed)
    assert get(Artifact(url, DIGEST)).size == len(DATA)


def test_other_and_broken_encodings_are_refused(server: Server, get: Get, tmp_path: Path) -> None:
    brotli = server.add("/a", Reply(DATA, headers={"Content-Encoding": "br"}))
    broken = server.add("/b", Reply(DATA, headers={"Content-Encoding": "gzip"}))
    bomb = server.add("/c", Reply(bytes(10_000_000), gzip=True))

    with pytest.raises(FetchError, match="encoded as br"):
        get(Artifact(brotli, Digest("0" * 64)))
    with pytest.raises(FetchError, match="said to be encoded with gzip"):
        get(Artifact(broken))
    with pytest.raises(FetchError, match="longer than 1000 bytes"):
        get(Artifact(bomb, Digest("0" * 64), 1000))
    assert _left(tmp_path) == []


def test_an_unresolvable_or_closed_host_is_named(get: Get) -> None:
    with pytest.raises(FetchError, match=r"no address for nowhere\.invalid") as caught:
        get(Artifact("http://nowhere.invalid/a"))
    assert "allow nowhere.invalid" in caught.value.hint

    with pytest.raises(FetchError, match=r"no connection to 127\.0\.0\.1:9: connection refused"):
        get(Artifact("http://127.0.0.1:9/a"))


def test_no_secret_is_shown(server: Server, get: Get) -> None:
    server.add("/a", Reply(status=404))

    with pytest.raises(FetchError) as caught:
        get(Artifact(server.url("/a?token=secret", userinfo="me:secret")))

    assert "secret" not in caught.value.message + caught.value.hint + repr(caught.value)
    assert server.requests[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.test/a", "https://h.test/a"),
        ("https://me:secret@h.test:8/a?token=secret#secret", "https://h.test:8/a?…"),
        ("https://secret@[::1]/a", "https://[::1]/a"),
        ("https://me:secret@[::1/a", "a malformed URL"),
        ("npm:@a/b@1", "npm:@a/b@1"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/a",
        "http://",
        "http://[",
        "file://[",
        "npm://::x",
        "oci://h:x",
        "http://]@[::1",
        "https://host:port/a",
        "http://a b/",
        "file",
        "x:y",
    ],
)
def test_what_is_no_url_is_refused(get: Get, url: str) -> None:
    with pytest.raises(FetchError, match="fetched"):
        get(Artifact(url))


def test_git_sources_are_not_downloaded(get: Get) -> None:
    with pytest.raises(FetchError, match="git repository"):
        get(Artifact("https://github.com/o/r.git#v1"))


def test_files_of_this_machine_are_copied_and_checked(get: Get, tmp_path: Path) -> None:
    source = tmp_path / "with space"
    source.write_bytes(DATA)

    assert get(Artifact(f"file:{source}", DIGEST)).size == len(DATA)
    assert get(Artifact(source.as_uri(), DIGEST, len(DATA))).url == source.as_uri()
    with pytest.raises(DigestMismatchError):
        get(Artifact(str(source), Digest("0" * 64)))
    with pytest.raises(FetchError, match="but 5 are recorded"):
        get(Artifact(str(source), None, 5))


def test_missing_relative_and_directory_sources_say_what_they_are(get: Get, tmp_path: Path) -> None:
    for url, why in (
        (f"file:{tmp_path}/none", "there is no file"),
        (f"file://{tmp_path}", "is a directory"),
        ("file:a/b", "not absolute"),
        ("file://host/a", "another machine"),
    ):
        with pytest.raises(FetchError, match=why):
            get(Artifact(url))


def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"cannot read .*: Is a directory"):
        list(pieces(tmp_path))


@pytest.mark.parametrize("begun", [False, True])
def test_a_full_disk_is_a_store_error(server: Server, get: Get, tmp_path: Path, begun: bool) -> None:
    url = server.add("/a", Reply(DATA, etag='"1"'))
    if begun:
        _cut(tmp_path, url)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the next best thing to a small disk
    try:
        with pytest.raises(StoreError, match=f"cannot write to {tmp_path}: File too large"):
            get(Artifact(url))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert len(server.requests) == 1
    assert "file" not in _left(tmp_path), "what filled the disk"
    assert get(Artifact(url)).digest == DIGEST


def test_text_is_small(server: Server, fetcher: HttpFetcher, tmp_path: Path) -> None:
    url = server.add("/sums", Reply(status=503), Reply("ä  a\n".encode()))

    assert fetcher.text(url) == "ä  a\n"
    with pytest.raises(FetchError, match="larger than 3 bytes"):
        fetcher.text(url, 3)
    (tmp_path / "sums").write_text("x", encoding="utf-8")
    assert fetcher.text(f"file:{tmp_path}/sums") == "x"


def test_probe_tells_what_is_there(server: Server, fetcher: HttpFetcher, tmp_path: Path) -> None:
    there = fetcher.probe(server.add("/a", Reply(DATA, etag='"1"')))
    headless = lambda request: Reply(DATA, status=405 if request.method == "HEAD" else 200)  # noqa: E731

    assert (there.reachable, there.etag, there.size) == (True, '"1"', len(DATA))
    assert fetcher.probe(server.add("/b", headless)).size == len(DATA)
    assert fetcher.probe(server.url("/none")).reason.endswith("answers 404 (not found)")
    assert not fetcher.probe("http://127.0.0.1:9/").reachable
    assert not fetcher.probe(f"file:{tmp_path}/none").reachable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_lead_to_the_file(server: Server, get: Get, status: int) -> None:
    server.add("/b", redirect("c", status))
    server.add("/c", Reply(DATA))

    assert get(Artifact(server.add("/a", redirect("/b")), DIGEST)).url == server.url("/a")


def test_resuming_works_through_redirects(server: Server, get: Get) -> None:
    server.add("/b", Reply(DATA, truncate_after=1000, etag='"1"'), Reply(DATA, etag='"1"'))

    get(Artifact(server.add("/a", redirect(server.url("/b", "localhost"))), DIGEST))

    assert [request.headers.get("range") for request in server.seen("/b")] == [None, "bytes=1000-"]


def test_sha256_is_computed_right(server: Server, get: Get) -> None:
    assert get(Artifact(server.add("/a", Reply(DATA)))).digest.hex == hashlib.sha256(DATA).hexdigest()
