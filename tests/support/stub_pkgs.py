"""The ``bin/pkgs`` of a stub environment: the real commands, told by JSON in ``pkgs.hcl`` what to do."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from pkgs.environment.root import Environment
from pkgs.environment.transform import decode
from pkgs.envops import EnvOp
from pkgs.errors import PkgsError
from pkgs.state import State


@dataclass(frozen=True)
class StubApp:
    environment: Environment
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    out: TextIO = sys.stdout
    err: TextIO = sys.stderr
    ephemeral: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return State.of(self.environ)

    @property
    def prompt(self) -> str:
        return str(self._config()["prompt"])

    def prepare_activation(self) -> None:
        """Everything that a stub has is there."""

    def operations(self) -> tuple[EnvOp, ...]:
        return decode(self._config()["operations"])

    def watched(self) -> tuple[Path, ...]:
        return (Path(self.environ.get("HOME", "/")) / ".pkgs.hcl",)

    def absent(self) -> tuple[Path, ...]:
        """Nothing stands in for anything."""
        return ()

    def present(self) -> tuple[Path, ...]:
        return tuple(map(Path, self.environ.get("STUB_PRESENT", "").split()))

    def activation_messages(self) -> tuple[str, ...]:
        return tuple(self._config()["messages"])

    def _config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.environment.config_file.read_text(encoding="utf-8"))
        return found


def main(argv: list[str]) -> int:
    command = importlib.import_module(f"pkgs.cli.{argv[0].replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"pkgs {argv[0]}")
    command.configure(parser)
    app = StubApp(Environment(Path(os.environ["PKGS_STUB_BIN"])))
    try:
        return int(command.run(parser.parse_args(argv[1:]), app))
    except (PkgsError, ValueError) as error:
        print(f"pkgs: error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
