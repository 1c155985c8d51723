"""Run pkgs: ``python -m pkgs``, or this file by its path from a checkout."""

import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pkgs.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
