from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.artifact.fetch import Probe, Received
from pkgs.artifact.model import Artifact
from pkgs.digests import Digest, digest_bytes
from pkgs.errors import DigestMismatchError, FetchError, StoreError
from pkgs.platforms import Platform
from pkgs.progress import Task
from pkgs.store.blobs import Blob, Blobs
from pkgs.store.processes import own_start, running_kernel, since_boot
from tests.support.stores import LINUX, SOURCES, Shelf, TestStore

GOOD = b"good bytes"
MAIN = Artifact("https://main.invalid/a.tgz", digest_bytes(GOOD), len(GOOD))
OTHER = Artifact("https://other.invalid/b.tgz", digest_bytes(b"other"), 5)
UNKNOWN = Artifact("https://main.invalid/unknown")


def ensure(store: TestStore, shelf: Shelf, *artifacts: Artifact) -> Blob:
    return store.blobs.ensure(artifacts, LINUX, shelf, store.reporter, "tool-1")


def files_below(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def test_a_blob_lies_under_its_digest_read_only(store: TestStore) -> None:
    blob = ensure(store, Shelf({MAIN.url: GOOD}), MAIN)

    assert blob == Blob(store.state.blob(digest_bytes(GOOD)), digest_bytes(GOOD), len(GOOD), MAIN)
    assert blob.path.read_bytes() == GOOD
    assert stat.S_IMODE(blob.path.stat().st_mode) == 0o444
    assert files_below(store.state.partial) == []


def test_a_present_blob_asks_nobody(store: TestStore) -> None:
    ensure(store, Shelf({MAIN.url: GOOD}), MAIN)
    shelf = Shelf({})
    ensure(store, shelf, MAIN)
    ensure(store, shelf, OTHER, MAIN)

    assert shelf.asked == []


def test_a_blob_of_another_size_than_the_lock_says_is_fetched_again(store: TestStore) -> None:
    blob = ensure(store, Shelf({MAIN.url: GOOD}), MAIN)
    blob.path.chmod(0o600)
    blob.path.write_bytes(b"")
    again = ensure(store, Shelf({MAIN.url: GOOD}), MAIN)

    assert again.path.read_bytes() == GOOD


def test_an_outage_of_one_origin_stops_nobody(store: TestStore) -> None:
    blob = ensure(store, Shelf({OTHER.url: b"other"}), MAIN, OTHER)

    assert blob.artifact == OTHER
    assert store.reporter.warnings == []
    assert any("trying the next origin" in info for info in store.reporter.infos)


def test_a_wrong_digest_is_told_loudly_and_the_next_origin_tried(store: TestStore) -> None:
    blob = ensure(store, Shelf({MAIN.url: b"evil", OTHER.url: b"other"}), MAIN, OTHER)

    assert blob.artifact == OTHER
    assert "WRONG DIGEST" in store.reporter.warnings[0]
    assert MAIN.url in store.reporter.warnings[0]
    assert files_below(store.state.partial) == []


def test_a_fetcher_that_does_not_check_is_checked(store: TestStore) -> None:
    class Careless(Shelf):
        def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
            into.write_bytes(b"evil")
            return Received(digest_bytes(b"evil"), 4, artifact.url, "")

    with pytest.raises(DigestMismatchError):
        ensure(store, Careless({}), MAIN)
    assert not store.state.blob(digest_bytes(b"evil")).exists()


def test_when_all_fail_one_error_names_each_origin_and_its_reason(store: TestStore) -> None:
    with pytest.raises(FetchError) as caught:
        ensure(store, Shelf({}), MAIN, OTHER)

    assert f"{MAIN.url}: 404" in caught.value.message
    assert f"{OTHER.url}: 404" in caught.value.message


def test_no_origin_at_all_is_said(store: TestStore) -> None:
    with pytest.raises(FetchError, match="tool-1 has no origin for linux-amd64"):
        ensure(store, Shelf({}))


def test_a_cut_download_is_kept_for_the_next_run(store: TestStore) -> None:
    class Cut(Shelf):
        def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
            into.write_bytes(GOOD[:4])
            raise FetchError("cut")

    with pytest.raises(FetchError, match="cut"):
        ensure(store, Cut({}), MAIN)

    assert files_below(store.state.partial) == [digest_bytes(GOOD).hex]
    assert not store.state.blob(digest_bytes(GOOD)).exists()


def test_first_use_claims_the_digest_before_the_blob_is_visible(store: TestStore) -> None:
    claimed: list[bool] = []

    def claim(digest: Digest) -> None:
        claimed.append(store.state.blob(digest).exists())

    shelf = Shelf({UNKNOWN.url: GOOD})
    blob = store.blobs.ensure([UNKNOWN], LINUX, shelf, store.reporter, "tool-1", claim=claim)

    assert blob.digest == digest_bytes(GOOD)
    assert claimed == [False]


def at_once(count: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize("artifact", [MAIN, UNKNOWN])
def test_eight_at_once_download_once(store: TestStore, artifact: Artifact) -> None:
    started = threading.Barrier(8)

    class Slow(Shelf):
        def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
            threading.Event().wait(0.3)
            return super().fetch(artifact, platform, into, task)

    shelf = Slow({artifact.url: GOOD})
    blobs: list[Blob] = []

    def work() -> None:
        started.wait(30)
        blobs.append(ensure(store, shelf, artifact))

    at_once(8, work)

    assert shelf.asked == [artifact.url]
    assert len(blobs) == 8
    assert {blob.path for blob in blobs} == {store.state.blob(digest_bytes(GOOD))}
    assert any("waiting for tool-1: process" in info for info in store.reporter.infos)


class Tagged(Shelf):
    """A fetcher whose server tells an ETag, always the same one for the same bytes."""

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        received = super().fetch(artifact, platform, into, task)
        return replace(received, etag=received.digest.hex)

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        content = self.content[url]
        assert isinstance(content, bytes)
        return Probe(True, etag=digest_bytes(content).hex)


def later_run(store: TestStore) -> None:
    """Go on as a command that begins now."""
    store.blobs = Blobs(store.state, store.locks, began=since_boot())


def test_an_unknown_digest_is_fetched_anew_by_a_later_run(store: TestStore) -> None:
    ensure(store, Shelf({UNKNOWN.url: GOOD}), UNKNOWN)
    later_run(store)
    blob = ensure(store, Shelf({UNKNOWN.url: b"newer"}), UNKNOWN)

    assert blob.digest == digest_bytes(b"newer")


def test_an_unknown_digest_is_fetched_once_by_all_that_had_begun_before(store: TestStore) -> None:
    other = Blobs(store.state, store.locks, began=since_boot())
    shelf = Shelf({UNKNOWN.url: GOOD})
    ensure(store, shelf, UNKNOWN)
    claimed: list[Digest] = []
    blob = other.ensure([UNKNOWN], LINUX, shelf, store.reporter, "tool-1", claim=claimed.append)

    assert shelf.asked == [UNKNOWN.url]
    assert blob == Blob(store.state.blob(digest_bytes(GOOD)), digest_bytes(GOOD), len(GOOD), UNKNOWN)
    assert claimed == [digest_bytes(GOOD)]


def test_what_another_kernel_has_noted_is_no_news_from_this_one(store: TestStore) -> None:
    """Of two hosts that share the state directory, each counts seconds since its own boot."""
    other = Blobs(store.state, store.locks, began=since_boot())
    ensure(store, Shelf({UNKNOWN.url: GOOD}), UNKNOWN)
    [path] = store.state.partial.glob("*.first")
    path.write_text(path.read_text().replace(running_kernel(), "another"))

    blob = other.ensure([UNKNOWN], LINUX, Shelf({UNKNOWN.url: b"newer"}), store.reporter, "tool-1")
    assert blob.digest == digest_bytes(b"newer")


def test_one_url_is_fetched_once_for_all_platforms_but_where_it_stands_for_several_files(
    store: TestStore,
) -> None:
    wheel = Artifact("pypi:tool==1.0")
    shelf = Shelf({wheel.url: GOOD, UNKNOWN.url: GOOD})
    for artifact in (UNKNOWN, wheel):
        for platform in (LINUX, Platform("darwin", "arm64")):
            store.blobs.ensure([artifact], platform, shelf, store.reporter, "tool-1")

    assert shelf.asked == [UNKNOWN.url, wheel.url, wheel.url]


def test_a_later_run_fetches_nothing_that_its_server_calls_unchanged(store: TestStore) -> None:
    shelf = Tagged({UNKNOWN.url: GOOD})
    ensure(store, shelf, UNKNOWN)
    later_run(store)
    ensure(store, shelf, UNKNOWN)
    assert shelf.asked == [UNKNOWN.url]

    shelf.content = {UNKNOWN.url: b"newer"}
    assert ensure(store, shelf, UNKNOWN).digest == digest_bytes(b"newer")


def test_what_was_collected_since_is_fetched_again(store: TestStore) -> None:
    shelf = Tagged({UNKNOWN.url: GOOD})
    ensure(store, shelf, UNKNOWN).path.unlink()

    assert ensure(store, shelf, UNKNOWN).path.read_bytes() == GOOD


@pytest.mark.parametrize("note", [b"", b"{}", b"[]", b'{"digest": "x"}', b"\xff"])
def test_a_note_that_cannot_be_read_is_none(store: TestStore, note: bytes) -> None:
    ensure(store, Shelf({UNKNOWN.url: GOOD}), UNKNOWN)
    [path] = store.state.partial.glob("*.first")
    path.write_bytes(note)

    assert ensure(store, Shelf({UNKNOWN.url: b"newer"}), UNKNOWN).digest == digest_bytes(b"newer")


def test_a_process_began_before_now_and_after_the_machine() -> None:
    assert 0 <= own_start() <= since_boot()
    before = since_boot()
    code = "from pkgs.store.processes import own_start; print(own_start())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
        env={"PYTHONPATH": SOURCES},
    )  # fmt: skip
    assert before - 0.02 <= float(done.stdout) <= since_boot()


def test_a_full_disk_is_one_sentence_and_no_other_origin_is_tried(store: TestStore) -> None:
    shelf = Shelf({MAIN.url: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OTHER.url: b"other"})
    with pytest.raises(StoreError, match="no space is left") as caught:
        ensure(store, shelf, MAIN, OTHER)

    assert "pkgs gc" in caught.value.hint
    assert shelf.asked == [MAIN.url]
