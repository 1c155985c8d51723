"""The application: the parts of the composition root, and what an environment does when it is active."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.app.parts import Parts

if TYPE_CHECKING:
    from pkgs.envops import EnvOp
    from pkgs.install.materialise import Located


class App(Parts):
    """What commands are given."""

    def operations(self) -> tuple[EnvOp, ...]:
        """Return what activation does to variables: first what the parent environment's does, if any."""
        from pkgs.environment.operations import activation_operations, config_operations

        found = [
            activation_operations(app.environment, app.contents.packages.values(), app.config.env)
            for app in (*self.parents, self)
        ]
        found.append(config_operations(self.environment, self.ephemeral))
        self.reporter.trace(f"operations: {found}")
        return tuple(operation for operations in found for operation in operations)

    @cached_property
    def parents(self) -> tuple[App, ...]:
        """The environments above this one that it inherits from, the outermost first (``inherit-parent``)."""
        from pkgs.environment.root import parent_environment

        found = parent_environment(self.environment) if self.config.inherit_parent else None
        if found is None:
            return ()
        parent = App(self.args, self.environ)
        parent.environment, parent.reporter = found, self.reporter
        return (*parent.parents, parent)

    def watched(self) -> tuple[Path, ...]:
        """Return the files that decide what the environment holds; some may be absent."""
        from pkgs.install.contents import watched_files

        of_parents = (path for parent in self.parents for path in parent.watched())
        return (*watched_files(self.workspace()), *self.user_config_files, *of_parents)

    def present(self) -> tuple[Path, ...]:
        """Return the trees that activation relies on, and what its triggers made."""
        from pkgs.install.triggers import lasting_results

        made = lasting_results(self.workspace(), self.contents.packages.values(), "activate")
        trees = (self.state.tree(each.key) for each in self._located)
        return (*(tree for tree in trees if tree.is_dir()), *made)

    def absent(self) -> tuple[Path, ...]:
        """Return the trees that would be relied on instead, were they there."""
        return tuple(self.state.tree(key) for each in self._located for key in each.rivals)

    @property
    def _located(self) -> list[Located]:
        return [each for app in (*self.parents, self) for each in app.contents.located.values()]

    def prepare_activation(self) -> None:
        """Make present what the configuration wants there on activation."""
        from pkgs.install.install import install_on_activate

        install_on_activate(self.workspace())

    def activation_messages(self) -> tuple[str, ...]:
        """Carry out the packages' ``activate`` triggers and return what they say."""
        from pkgs.install.triggers import activate

        return activate(self.workspace(), self.contents.packages.values())
