"""``pkgs info``: what a package is, where it comes from, what it does."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pkgs.app import App
from pkgs.errors import PkgsError

EPILOG = """\
A pinned package's name means its pin; anything else is resolved as pkgs install would.

examples:
  pkgs info terraform
  pkgs info dagu-2.15.1 --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="a package, as pkgs install takes it")
    parser.add_argument("--json", action="store_true", help="print everything known as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Tell about packages."""
    documents = [_document(app, text) for text in args.packages]
    if args.json:
        app.out.write(json.dumps(documents, indent=2) + "\n")
        return 0
    app.out.write("\n".join(_text(document) for document in documents))
    return 0


def _document(app: App, text: str) -> dict[str, Any]:
    from pkgs.package.answer import package_object
    from pkgs.package.model import Places
    from pkgs.package.resolve import resolve
    from pkgs.package.selectors import GlobSelector

    selector = _pinned(app, text) or GlobSelector.parse(text)
    entry = app.catalog.get(selector.name)
    package = resolve(entry.manifest, selector, app.platform, Places.symbolic(), today=app.today)
    return {
        "name": package.reference.name,
        "version": package.version,
        "channel": package.reference.channel,
        "description": package.description,
        "homepage": package.homepage,
        "manifest": str(entry.file.path),
        "manifest_source": entry.source.uri,
        "platform": str(app.platform),
        **package_object(package),
    }


def _pinned(app: App, text: str) -> Any:
    from pkgs.environment.pins import read_pins
    from pkgs.package.selectors import ExactSelector

    try:
        pins = read_pins(app.environment.bin_dir)
    except PkgsError:
        return None
    return next((ExactSelector(pin.reference) for pin in pins if pin.reference.name == text), None)


_SHOWN = {
    "reference": "Package",
    "description": "About",
    "homepage": "Homepage",
    "repository": "Repository",
    "manifest": "Manifest",
    "source": "Source",
    "sha256": "SHA-256",
    "binaries": "Binaries",
    "requires": "Requires",
    "provides": "Provides",
    "runtime_dependencies": "Needs at run time",
    "test": "Test",
}


def _text(document: dict[str, Any]) -> str:
    shown = ((label, document.get(key)) for key, label in _SHOWN.items())
    width = max(map(len, _SHOWN.values()))
    return "".join(f"{label:<{width}}  {_one_line(value)}\n" for label, value in shown if value)


def _one_line(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
