"""Run pkgs: ``python -m pkgs``, or this file by its path from a checkout."""

import gc
import os
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120

# Net allocations between two looks for cyclic garbage. Building parsers and models makes many objects and no
# garbage: at Python's 700 the looking is a tenth of a command's work; so many, most commands never make.
_COLLECT_AFTER = 200_000
# Memory freed in pieces up to this (bytes) is kept for the next piece. glibc learns it from the first mapping
# of that size to be freed; until then each buffer goes back to the kernel, which has to clear a new one.
_KEEP = 16 << 20


def main() -> int:
    """Run the command that this process was started with, and return its exit status."""
    try:
        return _main()
    except KeyboardInterrupt:  # while the modules were imported that know how to end
        from pkgs.errors import EXIT_INTERRUPTED

        return EXIT_INTERRUPTED


def _main() -> int:
    from pkgs.cli.noop import nothing_to_do

    if nothing_to_do(sys.argv[1:], os.environ):
        return 0
    gc.set_threshold(_COLLECT_AFTER)
    bytearray(_KEEP)  # freed at once
    from pkgs.cli.main import main as run
    from pkgs.cli.process import leave

    return leave(run())


if __name__ == "__main__":
    sys.exit(main())
