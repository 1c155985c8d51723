"""What each module of a source tree imports, read from its syntax; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target: ``module`` is a dotted name; ``deferred`` if inside a function."""

    importer: str
    module: str
    line: int
    deferred: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function's qualified place and its length in lines, docstring and decorators left out."""

    module: str
    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class SourceTree:
    """Modules by dotted name, parsed."""

    modules: Mapping[str, ast.Module]
    line_counts: Mapping[str, int]

    @classmethod
    def of(cls, sources: Mapping[str, str]) -> SourceTree:
        """Parse module name → text."""
        return cls(
            {name: ast.parse(text) for name, text in sources.items()},
            {name: text.count("\n") for name, text in sources.items()},
        )

    @classmethod
    def read(cls, root: Path) -> SourceTree:
        """Parse every module of the package in directory ``root``."""
        return cls.of({_dotted(file, root): file.read_text("utf-8") for file in sorted(root.rglob("*.py"))})

    def imports(self) -> list[Import]:
        """Return all imports; ``from pkgs.a import b`` means module ``pkgs.a.b`` where there is one."""
        return [found for name, tree in self.modules.items() for found in self._imports_of(name, tree)]

    def _imports_of(self, importer: str, tree: ast.Module) -> Iterator[Import]:
        for node, deferred in _statements(tree, deferred=False):
            for module in self._targets(node, importer):
                yield Import(importer, module, node.lineno, deferred)

    def _targets(self, node: ast.Import | ast.ImportFrom, importer: str) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if node.level or node.module is None:
            return [f"<a relative import in {importer}>"]
        submodules = [f"{node.module}.{alias.name}" for alias in node.names]
        known = [name for name in submodules if name in self.modules]
        return known if len(known) == len(submodules) else [node.module, *known]

    def functions(self) -> list[Function]:
        """Return every function and method with its length."""
        return [
            Function(name, node.name, _body_lines(node))
            for name, tree in self.modules.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]


def _dotted(file: Path, root: Path) -> str:
    parts = file.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _statements(node: ast.AST, *, deferred: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, deferred
        inside = deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _statements(child, deferred=inside)


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def find_cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return the names along one cycle, or nothing."""
    done: set[str] = set()
    for start in sorted(edges):
        cycle = _walk(start, edges, [], done)
        if cycle:
            return cycle
    return []


def _walk(name: str, edges: Mapping[str, set[str]], trail: list[str], done: set[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    for target in sorted(edges.get(name, ())):
        cycle = _walk(target, edges, [*trail, name], done)
        if cycle:
            return cycle
    done.add(name)
    return []
