"""pkgs' own wheel, made from the running package: what an environment elsewhere is pinned to."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import pkgs
from pkgs.source.sources import builtin

_PYTHON = ">=3.11"
_MODE = 0o644 << 16
_WHEEL = "Wheel-Version: 1.0\nGenerator: pkgs\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY_POINTS = "[console_scripts]\npkgs = pkgs.__main__:main\n"


def package_directory() -> Path:
    """Return the directory of the running package."""
    return Path(pkgs.__file__).resolve().parent


def own_requirements() -> tuple[str, ...]:
    """Return every library of pkgs as ``name==version --hash=…``, for all platforms."""
    text = package_directory().joinpath("requirements.txt").read_text(encoding="utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    return tuple(" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#"))


def build_wheel() -> bytes:
    """Return the running package as a wheel: the same files give the same bytes on every machine.

    Nothing is compressed, since compressors differ between machines; times and modes are constant.
    """
    name = f"pkgs-{pkgs.__version__}.dist-info"
    members = (
        _package_files(package_directory())
        | _manifests()
        | {
            f"{name}/METADATA": _metadata().encode(),
            f"{name}/WHEEL": _WHEEL.encode(),
            f"{name}/entry_points.txt": _ENTRY_POINTS.encode(),
        }
    )
    return _zip(members | {f"{name}/RECORD": _record(members, f"{name}/RECORD").encode()})


def _package_files(directory: Path) -> dict[str, bytes]:
    """Return the package's files by their place in the wheel; nothing hidden or compiled."""
    places = {path: path.relative_to(directory.parent) for path in sorted(directory.rglob("*"))}
    return {
        place.as_posix(): path.read_bytes()
        for path, place in places.items()
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in place.parts)
    }


def _manifests() -> dict[str, bytes]:
    """Return the manifests that come with pkgs, by their place in the wheel."""
    paths = sorted(builtin().directory.glob("*.hcl"))
    return {f"{package_directory().name}/manifests/{path.name}": path.read_bytes() for path in paths}


def _metadata() -> str:
    libraries = sorted(line.partition(" --hash")[0].rstrip() for line in own_requirements())
    required = "".join(f"Requires-Dist: {library}\n" for library in libraries)
    head = f"Metadata-Version: 2.1\nName: pkgs\nVersion: {pkgs.__version__}\nRequires-Python: {_PYTHON}\n"
    return head + required


def _record(members: Mapping[str, bytes], own: str) -> str:
    """Return the wheel's list of files (PEP 376: path, unpadded urlsafe base64 of the digest, size)."""
    lines = [f"{name},sha256={_encoded(data)},{len(data)}\n" for name, data in sorted(members.items())]
    return "".join([*lines, f"{own},,\n"])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(members: Mapping[str, bytes]) -> bytes:
    import zipfile  # deferred: only pkgs init needs it

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(members.items()):
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system = _MODE, 3
            archive.writestr(info, data)
    return buffer.getvalue()
