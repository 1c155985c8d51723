"""The invariants of docs/adr/0004-store-invariants.md, under random sequences of everything that happens."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pkgs.artifact.model import Artifact
from pkgs.digests import Digest, digest_bytes, digest_file
from pkgs.store.files import remove_tree
from pkgs.store.gc import collect
from pkgs.store.recipe import Recipe
from pkgs.store.verify import Condition, Expectation, drop_bad_blob, examine
from tests.support.kills import run_and_kill
from tests.support.stores import LINUX, Shelf, TestStore, tar_of_files, whole_trees

ARCHIVES = [
    tar_of_files({"bin/tool": b"tool %d" % number, "doc": b"x"}, executable={"bin/tool"})
    for number in range(3)
]
KEYS = [Recipe(blob=digest_bytes(archive)).key() for archive in ARCHIVES]
PACKAGES = st.integers(0, len(ARCHIVES) - 1)
ENVIRONMENTS = st.integers(0, 1)


class FailedError(Exception):
    """What an environment's change fails with."""


class StoreMachine(RuleBasedStateMachine):
    """The model: which trees are there, which of them we damaged, which environments name which."""

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pkgs-store-"))
        self.store = TestStore(self.root / "state")
        self.present: set[int] = set()
        self.damaged: set[int] = set()
        self.bad_blobs: set[int] = set()
        self.rooted: dict[int, set[int]] = {0: set(), 1: set()}
        for environment in self.rooted:
            self.bin_dir(environment).mkdir(parents=True)

    def teardown(self) -> None:
        remove_tree(self.root)

    def bin_dir(self, environment: int) -> Path:
        return self.root / f"env{environment}" / "bin"

    def install(self, package: int, *, anew: bool = False) -> None:
        archive = ARCHIVES[package]
        artifact = Artifact(f"https://host.invalid/{package}", digest_bytes(archive), len(archive))
        shelf = Shelf({artifact.url: archive})
        blob = self.store.blobs.ensure([artifact], LINUX, shelf, self.store.reporter, "tool")
        self.store.trees.ensure(
            Recipe(blob=blob.digest), blob.path, label="tool", reporter=self.store.reporter, anew=anew
        )

    def collect(self) -> None:
        collect(
            self.store.state,
            self.store.locks,
            now=time.time(),
            older_than=0,
            dry_run=False,
            reporter=self.store.reporter,
        )

    @rule(environment=ENVIRONMENTS, package=PACKAGES)
    def claim_and_install(self, environment: int, package: int) -> None:
        self.store.roots.add(self.bin_dir(environment), self.store.reporter, trees=[KEYS[package]])
        self.rooted[environment].add(package)
        self.install(package)
        self.present.add(package)

    @rule(environment=ENVIRONMENTS, package=PACKAGES)
    def change_and_fail(self, environment: int, package: int) -> None:
        with suppress(FailedError), self.store.roots.changing(self.bin_dir(environment), self.store.reporter):
            self.store.roots.add(self.bin_dir(environment), self.store.reporter, trees=[KEYS[package]])
            self.install(package)
            raise FailedError
        self.present.add(package)

    @rule(environment=ENVIRONMENTS, packages=st.sets(PACKAGES))
    def record(self, environment: int, packages: set[int]) -> None:
        self.bin_dir(environment).mkdir(parents=True, exist_ok=True)
        self.store.roots.record(
            self.bin_dir(environment), self.store.reporter, trees=[KEYS[package] for package in packages]
        )
        self.rooted[environment] = set(packages)

    @rule(environment=ENVIRONMENTS)
    def remove_environment(self, environment: int) -> None:
        shutil.rmtree(self.bin_dir(environment), ignore_errors=True)
        self.collect_all()
        self.bin_dir(environment).mkdir(parents=True)

    @rule()
    def collect_all(self) -> None:
        for environment in self.rooted:
            if not self.bin_dir(environment).exists():
                self.rooted[environment] = set()
        self.collect()
        needed = set().union(*self.rooted.values())
        self.present &= needed
        self.damaged &= needed
        self.bad_blobs &= needed

    @precondition(lambda self: self.present)
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        package = data.draw(st.sampled_from(sorted(self.present)))
        tool = self.store.state.tree(KEYS[package]) / "bin" / "tool"
        tool.chmod(0o755)
        tool.write_bytes(b"damaged by the test")
        self.damaged.add(package)

    @rule(package=PACKAGES)
    def damage_blob(self, package: int) -> None:
        path = self.store.state.blob(digest_bytes(ARCHIVES[package]))
        if path.exists():
            path.chmod(0o600)
            path.write_bytes(bytes(len(ARCHIVES[package])))
            self.bad_blobs.add(package)

    @rule()
    def repair(self) -> None:
        for package in sorted(self.bad_blobs):
            drop_bad_blob(self.store.state, digest_bytes(ARCHIVES[package]))
        self.bad_blobs.clear()
        for package in sorted(self.damaged):
            self.install(package, anew=True)
        self.damaged.clear()

    @precondition(lambda self: not self.bad_blobs)
    @rule(package=PACKAGES, instant=st.integers(0, 60), anew=st.booleans())
    def install_killed(self, package: int, instant: int, anew: bool) -> None:
        died = run_and_kill(lambda: self.install(package, anew=anew), self.root, instant)
        there = self.store.state.tree(KEYS[package]).exists()
        if not died:
            assert there
        if anew and there:
            self.settle(package)
        elif there:
            self.present.add(package)
        else:
            assert anew or package not in self.present
            self.present.discard(package)
            self.damaged.discard(package)

    def settle(self, package: int) -> None:
        """Learn whether a killed rebuilding came to its end: the old tree or the new, never between."""
        self.present.add(package)
        if package in self.damaged and self.condition(package, deep=True) is Condition.WHOLE:
            self.damaged.discard(package)

    @rule(instant=st.integers(0, 60))
    def collect_killed(self, instant: int) -> None:
        run_and_kill(self.collect, self.root, instant)
        needed = set().union(*self.rooted.values())
        gone = {package for package in self.present if not self.store.state.tree(KEYS[package]).exists()}
        assert not gone & needed
        self.present -= gone
        self.damaged -= gone
        self.bad_blobs = {p for p in self.bad_blobs if self.blob(p).exists()}

    def blob(self, package: int) -> Path:
        return self.store.state.blob(digest_bytes(ARCHIVES[package]))

    def condition(self, package: int, *, deep: bool) -> Condition:
        return examine(self.store.state, Expectation("tool", KEYS[package]), deep=deep).condition

    @invariant()
    def trees_are_whole_unless_we_damaged_them(self) -> None:
        assert set(whole_trees(self.store.state)) == {KEYS[package] for package in self.present}
        for package in self.present:
            expected = Condition.DAMAGED if package in self.damaged else Condition.WHOLE
            assert self.condition(package, deep=False) is expected
            assert self.condition(package, deep=True) is expected

    @invariant()
    def blobs_are_what_they_are_called(self) -> None:
        bad = {digest_bytes(ARCHIVES[package]) for package in self.bad_blobs}
        for path in self.store.state.blobs.glob("??/*"):
            assert (digest_file(path) == Digest(path.name)) is (Digest(path.name) not in bad)

    @invariant()
    def roots_are_as_last_recorded(self) -> None:
        for environment, packages in self.rooted.items():
            trees = self.store.roots.of(self.bin_dir(environment)).trees
            assert trees == {KEYS[package] for package in packages}


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=int(os.environ.get("PKGS_TEST_EXAMPLES", "30")),
    stateful_step_count=30,
    derandomize=True,
)
