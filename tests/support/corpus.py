"""The corpus: public manifests beside the checkout, and what hermit answered about them."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.exists(), reason="the corpus of public manifests is not beside the checkout"
)


def corpus_manifests() -> list[Path]:
    """Return the corpus' manifest files, sorted by name; none if there is no corpus."""
    return sorted((CORPUS / "manifests").glob("*.hcl"))


def corpus_answers() -> Iterator[dict[str, Any]]:
    """Yield hermit's answers, line by line."""
    with lzma.open(CORPUS / "resolved.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
