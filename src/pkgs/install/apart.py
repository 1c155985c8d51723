"""Being at work in an environment and leaving nothing behind: neither claims nor copies nor links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from pkgs.environment.pins import replace_link
from pkgs.errors import StoreError
from pkgs.install.workspace import Workspace
from pkgs.store.copies import copies_of
from pkgs.store.files import remove_tree, temp_sibling
from pkgs.store.links import own_target
from pkgs.store.root import Root
from pkgs.store.roots import ROOTS_LOCK, env_lock


@contextmanager
def apart(workspace: Workspace) -> Iterator[Workspace]:
    """Yield a workspace that uses the store under a name of its own, and end all its use with the body.

    Under the environment's name, what is given up here could be what a call has found claimed meanwhile. The
    name is a directory that gc takes for an environment while it is there. If all this is killed, gc sees
    that nobody holds its lock, and removes it after a day. Where the state directory cannot be written,
    nothing can be claimed, or collected.
    """
    owner = temp_sibling(workspace.state.roots / "apart")
    own = replace(workspace, owned_by=owner)
    with ExitStack() as stack:
        with suppress(OSError, StoreError):
            owner.mkdir(parents=True)
            stack.enter_context(own.store.roots.changing(owner, own.reporter))
        before = _links(own)
        try:
            yield own
        finally:
            with suppress(OSError, StoreError):  # gc does it: without its directory, the name means nothing
                remove_tree(owner)
                _leave(own, before)


def _links(workspace: Workspace) -> Mapping[Path, Path]:
    """Return where the links lead that environments have outside of the store."""
    links = {link for root in workspace.store.roots.all() for link in root.links}
    return {link: target for link in links if (target := own_target(workspace.state, link))}


def _leave(own: Workspace, before: Mapping[Path, Path]) -> None:
    state, roots, locks = own.state, own.store.roots, own.store.locks
    root = roots.of(own.owner)
    _put_back(own, root, before)
    with locks.hold(ROOTS_LOCK, what="what was tried", waiting=own.reporter.info):
        roots.turn(root, None)
    for path in (state.env(own.owner).parent, copies_of(state, own.owner)):
        remove_tree(path)
    locks.discard(env_lock(own.owner))


def _put_back(own: Workspace, root: Root, before: Mapping[Path, Path]) -> None:
    """Let links that others use lead where they did, unless somebody has changed them since."""
    made = (copies_of(own.state, own.owner), *map(own.state.tree, root.trees))
    for link in root.links & before.keys():
        target = own_target(own.state, link)
        if target and target != before[link] and any(map(target.is_relative_to, made)):
            replace_link(link, str(before[link]))
