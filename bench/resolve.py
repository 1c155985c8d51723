"""What it costs to resolve every line of the public corpus, beside starting pkgs and reading the corpus.

Run from the checkout as ``python -m bench.resolve``. Needs the corpus beside the checkout.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.support.checkout import ROOT
from tests.support.corpus import CORPUS, corpus_answers

_MAIN = (sys.executable, "-I", str(ROOT / "src" / "pkgs" / "__main__.py"))


def timed(words: Sequence[str], stdin: str) -> tuple[float, float, str]:
    """Run a command; return wall seconds, CPU seconds and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def request(answer: dict[str, str]) -> str:
    """Return the line that asks for an answer of the corpus."""
    return f"{answer['selector']}\t{answer['platform']}" if "selector" in answer else answer["name"]


def main() -> None:
    """Print a line for each measure, with the ratio to starting pkgs at all."""
    lines = [request(answer) for answer in corpus_answers()]
    manifests = str(CORPUS / "manifests")
    start, _, _ = timed([*_MAIN, "version"], "")
    for count in (1, 1000, len(lines)):
        asked = "".join(f"{line}\n" for line in lines[:count])
        wall, cpu, out = timed([*_MAIN, "resolve", "--json", "--source", manifests, "-"], asked)
        answered = sum(1 for line in out.splitlines() if json.loads(line))
        print(
            f"{answered:>6} lines: {wall:6.2f} s wall, {cpu:6.2f} s CPU, {wall / start:6.1f} x `pkgs version`"
        )


if __name__ == "__main__":
    if not CORPUS.exists():
        sys.exit("bench: the corpus of public manifests is not beside the checkout")
    main()
