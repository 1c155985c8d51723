"""Measures one command: ``python -I -S measure.py COMMAND…`` prints wall and CPU seconds and peak bytes.

A process of its own, because a child begins with the memory of whoever forks it: measured from a large
process, every command would look as large. The command's output goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time


def main(command: list[str]) -> int:
    """Run ``command``, print what it cost, children included, and return its exit status."""
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * unit}
    print(json.dumps(cost))
    return abs(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
