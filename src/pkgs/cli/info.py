"""``pkgs info``: what a package is, where it comes from, what it does."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkgs.app import App
from pkgs.errors import PkgsError

if TYPE_CHECKING:
    from pkgs.environment.pins import Pin
    from pkgs.source.model import ManifestFile

EPILOG = """\
A pinned package's name means its pin; anything else is resolved as pkgs install would. The name of a virtual
package means every package that provides it.

State: installed (pinned and unpacked), downloaded (in the store), remote (to be fetched).
--json prints an array of objects; what is empty is left out, paths stand as ${dest}, ${env}, ${HOME}.

examples:
  pkgs info terraform
  pkgs info dagu-2.15.1 --json
"""
_DATED = re.compile(r"\$\{?(YYYY|MM|DD)")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="a package, as pkgs install takes it")
    parser.add_argument("--json", action="store_true", help="print everything known as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Tell about packages."""
    pins = _pins(app)
    documents = [document for text in args.packages for document in _documents(app, text, pins)]
    if args.json:
        app.out.write(json.dumps(documents, indent=2, ensure_ascii=False) + "\n")
        return 0
    app.out.write("\n".join(_text(document) for document in documents))
    return 0


def _pins(app: App) -> Sequence[Pin]:
    from pkgs.environment.pins import read_pins

    try:
        return read_pins(app.environment.bin_dir)
    except PkgsError:
        return ()


def _documents(app: App, text: str, pins: Sequence[Pin]) -> list[dict[str, Any]]:
    """Return what is to be told of the package, or of all that provide the virtual package, ``text``."""
    pin = next((pin for pin in pins if text in (pin.reference.name, str(pin.reference))), None)
    name = pin.reference.name if pin else _name(text)
    located = app.catalog.locate(name)
    if located is None:
        providers = app.catalog.providers(text)
        if not providers:
            raise app.catalog.unknown(name)
        return [document for name in providers for document in _documents(app, name, pins)]
    file, source = located
    shadows = [
        {"manifest": str(each.path), "source": each.source} for each in app.catalog.shadowed(file.name)
    ]
    return [
        {
            **_described(app, file, text, pin),
            "manifest": str(file.path),
            "manifest_source": source.uri,
            **({"manifest_commit": source.commit} if source.commit else {}),
            **({"shadows": shadows} if shadows else {}),
        }
    ]


def _name(text: str) -> str:
    """Return the package's name in a selector, which most often is nothing else."""
    if "@" not in text and "-" not in text:
        return text
    from pkgs.package.selectors import GlobSelector

    return GlobSelector.parse(text).name


def _described(app: App, file: ManifestFile, text: str, pin: Pin | None) -> dict[str, Any]:
    """Return the package itself; what follows from the manifest's text alone is worked out once."""
    today = str(app.today) if _DATED.search(file.text) else ""
    key = "\0".join((str(app.platform), today, file.name, str(file.path), text, file.text))
    if pin:
        return {**_installed(app, file, pin, key), "pinned": True, "tools": list(pin.tools)}
    document = app.cache.of_text("info", key, lambda: _resolved(app, file, text, None))
    return {**document, "state": _state(app, document.get("sha256", ""))}


def _installed(app: App, file: ManifestFile, pin: Pin, key: str) -> dict[str, Any]:
    """Return a pinned package and its state.

    What was said of an installed one is kept, and said again while it is there, the lock is the same, and no
    file beside the manifest has a part in it.
    """
    from pkgs.digests import digest_bytes
    from pkgs.environment.config import read_text

    environment, home, state = app.environment, app.home, app.state.root
    text = "\0".join((key, read_text(environment.lock_file), str(environment.bin_dir), str(home), str(state)))
    fits = digest_bytes(text.encode(errors="surrogateescape")).hex
    name = f"pinned/{digest_bytes(f'{environment.bin_dir}/{pin.link}'.encode(errors='surrogateescape')).hex}"
    kept = app.cache.read(name) or {}
    if kept.get("fits") == fits and Path(kept["root"]).exists():
        return {**kept["document"], "state": "installed"}
    document, state_now = _resolved(app, file, str(pin.reference), pin), _pinned_state(app, pin)
    if state_now == "installed" and not {"files", "triggers"} & document.keys():
        root = app.contents.packages[pin.reference].root
        app.cache.write(name, {"fits": fits, "root": root, "document": document})
    return {**document, "state": state_now}


def _resolved(app: App, file: ManifestFile, text: str, pin: Pin | None) -> dict[str, Any]:
    from pkgs.install.freeze import frozen
    from pkgs.package.answer import package_object
    from pkgs.package.model import Places
    from pkgs.package.resolve import resolve
    from pkgs.package.selectors import ExactSelector, GlobSelector

    manifest = app.catalog.get(file.name).manifest
    if pin:
        manifest = frozen(manifest, pin.reference, _frozen_version(app, pin))
    selector = ExactSelector(pin.reference) if pin else GlobSelector.parse(text)
    package = resolve(manifest, selector, app.platform, Places.symbolic(), today=app.today)
    return {
        "name": package.reference.name,
        "version": package.version,
        "channel": package.reference.channel,
        "description": package.description,
        "homepage": package.homepage,
        "platform": str(app.platform),
        **package_object(package),
    }


def _frozen_version(app: App, pin: Pin) -> str:
    """Return the version at which the lock holds a pinned channel."""
    if not pin.reference.channel:
        return ""
    locked = app.contents.lock.packages.get(str(pin.reference))
    return locked.version if locked else ""


def _state(app: App, sha256: str) -> str:
    from pkgs.digests import Digest

    try:
        return "downloaded" if sha256 and app.state.blob(Digest.parse(sha256)).exists() else "remote"
    except PkgsError:
        return "remote"


def _pinned_state(app: App, pin: Pin) -> str:
    from pkgs.install.status import REMOTE, pinned_packages

    states = {each.pin.reference: each.state for each in pinned_packages(app.contents)}
    return states.get(pin.reference, REMOTE)  # another process has unpinned it since


_SHOWN = {
    "reference": "Package",
    "version": "Version",
    "description": "About",
    "homepage": "Homepage",
    "repository": "Repository",
    "state": "State",
    "tools": "Tools",
    "manifest": "Manifest",
    "manifest_source": "From",
    "manifest_commit": "Commit",
    "shadows": "Shadows",
    "source": "Source",
    "mirrors": "Mirrors",
    "sha256": "SHA-256",
    "root": "Root",
    "binaries": "Binaries",
    "apps": "Apps",
    "requires": "Requires",
    "provides": "Provides",
    "runtime_dependencies": "Needs at run time",
    "env": "Variables",
    "test": "Test",
    "unsupported_platforms": "Not for",
}


def _text(document: dict[str, Any]) -> str:
    shown = ((label, document.get(key)) for key, label in _SHOWN.items())
    width = max(map(len, _SHOWN.values()))
    return "".join(f"{label:<{width}}  {_one_line(value)}\n" for label, value in shown if value)


def _one_line(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_one_line, value))
    if isinstance(value, dict):
        return _pair(value)
    return str(value)


def _pair(value: dict[str, Any]) -> str:
    """Return an operation on a variable, or a shadowed manifest, as people read it."""
    if "op" in value:
        return f"{value['op']} {value['name']}={value.get('value', '')}"
    return f"{value['manifest']} ({value['source']})"
