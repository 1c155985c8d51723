"""Fuzz unpacking for as long as asked: ``python -m bench.fuzz_unpack MINUTES [DIRECTORY]``.

What fails is kept in tests/unpack/findings/, where the test suite tries it again; DIRECTORY (best in
memory) is where archives are unpacked.
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.support.mutations import damaged, finding_name, stands  # noqa: E402

FINDINGS = ROOT / "tests" / "unpack" / "findings"


def main() -> int:
    """Run until the time is up; return 1 if anything was found."""
    end = time.monotonic() + float(sys.argv[1]) * 60
    base = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    tried, refused, found = 0, 0, set[str]()

    @settings(
        max_examples=2_000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(), st.integers(0, 2))
    def attempt(sample: tuple[str, bytes], strip: int) -> None:
        nonlocal tried, refused
        if time.monotonic() > end:
            return
        tried += 1
        try:
            refused += not stands(sample[1], strip, base)
        except Exception:  # whatever it is, it is what is looked for
            name = finding_name(*sample)
            if len(found) < 20:
                (FINDINGS / name).write_bytes(sample[1])
                traceback.print_exc()
            found.add(name)

    while time.monotonic() < end:
        attempt()
    print(f"{tried} tried, {refused} refused, {len(found)} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
