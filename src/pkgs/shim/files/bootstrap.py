"""Sets pkgs itself up in the state directory: a virtual environment with exactly what the lock names.

``bin/pkgs`` holds this text and runs it when STATE/self/<id> is missing, with any Python from 3.11 on; so it
stands alone, needs the standard library only, and says what it does on stderr. Arguments: the wrapper, the
lock, the state directory.
"""

import contextlib
import errno
import fcntl
import hashlib
import http.client
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

LIMIT = 64 << 20
NO_INSTALLER = "install uv, or pip 22.3 or later, or Python's venv package (on Debian: python3-venv)"
INSTALL = ("install", "--require-hashes", "--no-deps", "--quiet")
# uv trusts the system's certificates only when told so, by the one name or the other, as it grew older.
SYSTEM_TRUST = {"UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"}
# pip.conf may ask for these, and they would lead out of the virtual environment.
NOT_HERE = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
}

# Errors of a file system without locks: then two may do the same work.
NO_FLOCK = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}


class BootstrapError(Exception):
    """What is wrong, and what to do next."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def program_id(sha256: str, requirements: Iterable[str]) -> str:
    """Return the key of a program: 32 hexadecimal digits over its wheel's digest and its requirements."""
    lines = ["pkgs program 1", sha256, *sorted(" ".join(line.split()) for line in requirements)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def read_program(lock: Path) -> dict[str, Any]:
    """Return the lock's table ``pkgs``, its ``id`` verified."""
    restore = f"restore {lock} from version control"
    try:
        program: dict[str, Any] = tomllib.loads(lock.read_text(encoding="utf-8"))["pkgs"]
        expected = program_id(program.get("sha256", ""), program["requirements"])
        given = program["id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BootstrapError(f"{lock} does not say which pkgs to use: {error!r}", restore) from error
    if given != expected:
        raise BootstrapError(f"{lock} names pkgs {given}, but what it lists there is {expected}", restore)
    if not program.get("path") and not program.get("sha256"):
        raise BootstrapError(f"{lock} names neither the source nor the wheel of pkgs", restore)
    return program


def ensure(program: dict[str, Any], state: Path) -> None:
    """Make STATE/self/<id> unless it is there and whole."""
    place = state / "self" / program["id"]
    place.parent.mkdir(parents=True, exist_ok=True)
    with held(state / "locks" / f"self-{program['id']}.lock"):
        if is_whole(place):
            return
        say(f"setting up pkgs {program.get('version', '')} in {place}")
        temporary = place.with_name(f".tmp-{program['id']}-{os.urandom(4).hex()}")
        try:
            build(program, state, temporary)
            publish(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def is_whole(place: Path) -> bool:
    """Tell whether pkgs is set up in ``place``, and its Python still there."""
    return (place / "bin" / "python").exists()


def publish(temporary: Path, place: Path) -> None:
    """Let ``temporary`` be at ``place``, unless another host, which does not see our lock, was faster."""
    if not is_whole(place):
        broken = place.with_name(f".tmp-{place.name}-{os.urandom(4).hex()}")
        for source, target in ((place, broken), (temporary, place)):
            with contextlib.suppress(OSError):
                source.rename(target)
        shutil.rmtree(broken, ignore_errors=True)
    if not is_whole(place):
        raise BootstrapError(f"{place} cannot be written", "see whether its directory may be written to")


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, if that can be; its holder's death frees it.

    It is removed in the end: where marker files are locks (pkgs.store.locks), one that is there is held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def opened(path: Path) -> TextIO:
    """Open the lock file ``path`` and wait for the lock; a file that its holder has removed locks nothing."""
    while True:
        file = path.open("a")
        wait_for(file)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def wait_for(file: TextIO) -> None:
    """Wait for the lock on an open file, if there are locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another process that sets pkgs up")
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_FLOCK:
            raise


def build(program: dict[str, Any], state: Path, place: Path) -> None:
    """Make the virtual environment ``place``. It is run by its python only, so it may be moved."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    environ = outside_environ()
    done = run([str(python), "-I", "-m", "venv", "--without-pip", str(place)], environ, place.parent)
    if done.returncode:
        raise BootstrapError(f"{python} cannot make a virtual environment: {output(done)}", NO_INSTALLER)
    wheel = b"" if program.get("path") else read_wheel(program, state)
    listed = place / "requirements.txt"
    listed.write_text("".join(f"{line}\n" for line in program["requirements"]), encoding="utf-8")
    install(python, place, listed, environ)
    if wheel:
        zipfile.ZipFile(io.BytesIO(wheel)).extractall(site_packages(place))


def outside_environ() -> dict[str, str]:
    """Return the environment without what leads into an environment of pkgs or another Python's modules."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    environ = {name: value for name, value in os.environ.items() if name not in dropped}
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    environ["PATH"] = os.pathsep.join(each for each in folders if not Path(each, "activate-pkgs").exists())
    return {**SYSTEM_TRUST, **environ, **NOT_HERE}


def install(python: Path, place: Path, listed: Path, environ: dict[str, str]) -> None:
    """Install the requirements by the first installer that is there and succeeds."""
    failures = []
    for command in installers(python, place, environ):
        done = run([*command, "-r", str(listed)], environ, place)
        if done.returncode == 0:
            return
        failures.append(output(done))
    if not failures:
        raise BootstrapError("nothing is there to install the libraries of pkgs with", NO_INSTALLER)
    raise BootstrapError(
        f"the libraries of pkgs cannot be installed: {failures[-1]}",
        "look at the network and at the index that pip or uv are configured for, then call again",
    )


def installers(python: Path, place: Path, environ: dict[str, str]) -> Iterator[list[str]]:
    """Yield commands that install into ``place``, each with the configuration its user gave it."""
    inside = str(place / "bin" / "python")
    if uv := shutil.which("uv", path=environ["PATH"]):
        yield [uv, "pip", *INSTALL, "--no-build", "--python", inside]
    for pip in pips(python, environ):
        done = run([*pip, "--version"], environ, place)
        if version(done.stdout) >= (22, 3):  # the first that knows --python
            yield [*pip, "--python", inside, *INSTALL, "--only-binary", ":all:"]
            return
    if run([inside, "-I", "-m", "ensurepip"], environ, place).returncode == 0:
        yield [inside, "-I", "-m", "pip", *INSTALL, "--only-binary", ":all:"]


def pips(python: Path, environ: dict[str, str]) -> Iterator[list[str]]:
    """Yield ways to start a pip that may be there."""
    yield [str(python), "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name, path=environ["PATH"]):
            yield [found]


def version(text: str) -> tuple[int, int]:
    """Return the version that ``pip --version`` tells, (0, 0) if it tells none."""
    found = re.match(r"pip (\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def run(command: list[str], environ: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, away from the user's terminal and directory."""
    return subprocess.run(
        command,
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def output(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command that failed has to say, of pip's tries to connect only the last."""
    lines = (done.stderr or done.stdout).strip().splitlines()
    tries = [line for line in lines if line.startswith("WARNING: Retrying")]
    said = "\n".join([*tries[-1:], *(line for line in lines if line not in tries)])
    return said or f"{done.args[0]} ended with status {done.returncode}"


def read_wheel(program: dict[str, Any], state: Path) -> bytes:
    """Return the bytes of pkgs' own wheel, from the store or else from where the lock says it is."""
    digest: str = program["sha256"]
    blob = state / "blobs" / "sha256" / digest[:2] / digest
    with contextlib.suppress(OSError):
        wheel = blob.read_bytes()
        if hashlib.sha256(wheel).hexdigest() == digest:
            return wheel
    wheel = download(program.get("url", ""), digest)
    found = hashlib.sha256(wheel).hexdigest()
    if found != digest:
        raise BootstrapError(
            f"{program['url']} has the sha256 {found}, the lock wants {digest}",
            "do not use it; tell who publishes it",
        )
    return wheel


def download(url: str, digest: str) -> bytes:
    """Return what is at ``url``, http(s) or file."""
    if not url.startswith(("https://", "http://", "file:")):
        raise BootstrapError(
            f"the wheel of pkgs, sha256 {digest}, is not in the store, and the lock names no URL for it",
            "run `pkgs init` with that version once on this machine, or set PKGS_EXE to a pkgs of your own",
        )
    try:
        return read_url(url)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise BootstrapError(
            f"{url} cannot be fetched: {error}", "look at the network, then call again"
        ) from error


def read_url(url: str) -> bytes:
    """Return what is at ``url``, up to LIMIT; raise OSError if it ends too early."""
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  # the caller has looked at it
        data: bytes = answer.read(LIMIT)
        if getattr(answer, "length", 0):  # what is still to come over HTTP
            raise OSError(f"only {len(data)} bytes of it came")
        return data


def site_packages(place: Path) -> str:
    """Return where the virtual environment ``place`` keeps its modules."""
    return sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)})


def say(message: str) -> None:
    """Tell the user what takes so long."""
    print(f"pkgs: {message}", file=sys.stderr, flush=True)


def complain(message: str, hint: str) -> int:
    """Report an expected failure as pkgs does, and return its exit status."""
    print(f"pkgs: error: {message}\nhint: {hint}", file=sys.stderr)
    return 1


def main(lock: str, state: str) -> int:
    """Set pkgs up and return the exit status."""
    try:
        ensure(read_program(Path(lock)), Path(state))
    except BootstrapError as error:
        return complain(error.message, error.hint)
    except OSError as error:
        return complain(
            f"pkgs cannot be set up: {error}", f"look at {state}, or set PKGS_STATE_DIR elsewhere"
        )
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[2:]))
