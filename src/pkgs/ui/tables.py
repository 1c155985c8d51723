"""Tables and coloured text for people; plain text where nobody looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO


def print_rows(stream: TextIO, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as a table on a terminal, and as tab-separated lines elsewhere."""
    if not stream.isatty():
        for row in rows:
            stream.write("\t".join(row) + "\n")
        return
    from rich.console import Console  # deferred: 40 ms, for terminals only
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(file=stream).print(table)
