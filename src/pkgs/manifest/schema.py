"""The schema: what may stand in a manifest, as pydantic models.

Names, types and what is required are hermit's (manifest/config.go, manifest/actions.go); only
``alternative`` is an addition. Descriptions and examples become docs/reference/manifest.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pkgs.manifest.durations import seconds

# The key of a block's place among its siblings in a raw body: no attribute can be called so.
PLACE = "#"

# A digest in `sha256sums` of the public repository starts with a colon; hermit loads that manifest.
SHA256 = r"^:?[0-9A-Fa-f]{64}$"
Sha256 = Annotated[str, Field(pattern=SHA256)]
# Versions and channels become parts of file names.
LABEL = r"^[^/\s\x00-\x1f]+$"
Label = Annotated[str, Field(pattern=LABEL)]
Mode = Annotated[int, Field(ge=0, le=0o7777)]
Strings = tuple[str, ...]
StringMap = dict[str, str]


def _duration(value: object) -> float:
    if not isinstance(value, str):
        raise ValueError('a duration is a string, like "24h"')  # noqa: TRY004 (what pydantic catches)
    return seconds(value)


def _says(description: str, example: str, default: Any = None) -> Any:
    """Declare an optional attribute: what it says, and an example of it."""
    return Field(default, description=description, examples=[example])


def _must(description: str, example: str) -> Any:
    """Declare a required attribute."""
    return Field(description=description, examples=[example])


def _alias(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


class Body(BaseModel):
    """What all bodies share: nothing unknown, no conversions, dashes in names."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_alias)

    # The name hermit gives a block's labels; an attribute of that name is ignored, as in hermit.
    label: ClassVar[str] = ""
    many_labels: ClassVar[bool] = False

    place: int = Field(0, alias=PLACE, exclude=True)


class MessageBody(Body):
    """Shows a message to the user."""

    text: str = _must("What to show.", 'text = "Run jq --help to begin."')


class RenameBody(Body):
    """Renames a file or a directory; an existing target is overwritten."""

    from_: str = _must("The present path; absolute.", 'from = "${root}/jq-linux-amd64"')
    to: str = _must("The new path; absolute.", 'to = "${root}/jq"')


class DeleteBody(Body):
    """Deletes files."""

    files: Strings = _must("Absolute paths.", 'files = ["${root}/README.md"]')
    recursive: bool = _says("Delete directories with what is in them.", "recursive = true", False)


class ChmodBody(Body):
    """Changes permission bits."""

    mode: Mode = _must("The bits; a number that starts with 0 is octal.", "mode = 0755")
    file: str = _must("The file; absolute.", 'file = "${root}/jq"')


class RunBody(Body):
    """Runs a program, without a shell."""

    cmd: str = _must("The program, absolute; split as a shell splits words.", 'cmd = "/bin/ln"')
    args: Strings = _says("Its arguments.", 'args = ["-s", "jq", "${root}/jq1"]', ())
    dir: str = _says("Where it runs; default: `root`.", 'dir = "${root}"', "")
    env: Strings = _says("Its whole environment, as NAME=VALUE.", 'env = ["LANG=C"]', ())
    stdin: str = _says("What it reads from its standard input.", 'stdin = "yes"', "")


class CopyBody(Body):
    """Copies a file that lies beside the manifest."""

    from_: str = _must("The file, relative to the manifest's directory.", 'from = "jq/wrapper.sh"')
    to: str = _must("Where the copy goes; absolute.", 'to = "${root}/wrapper.sh"')
    mode: Mode = _says("Permission bits; default: those of the file.", "mode = 0755", 0)


class MkdirBody(Body):
    """Makes a directory and its parents."""

    dir: str = _must("The directory; absolute.", 'dir = "${root}/cache"')
    mode: Mode = _says("Permission bits; default: 0750.", "mode = 0700", 0)


class SymlinkBody(Body):
    """Makes a symbolic link."""

    from_: str = _must("What the link points at.", 'from = "${root}/jq"')
    to: str = _must("The link.", 'to = "${root}/jq1"')


class OnBody(Body):
    """Actions to take, in source order, when something happens to the package."""

    label: ClassVar[str] = "event"

    event: Literal["unpack", "install", "uninstall", "activate", "exec"]
    message: tuple[MessageBody, ...] = ()
    rename: tuple[RenameBody, ...] = ()
    delete: tuple[DeleteBody, ...] = ()
    chmod: tuple[ChmodBody, ...] = ()
    run: tuple[RunBody, ...] = ()
    copy_: tuple[CopyBody, ...] = ()
    mkdir: tuple[MkdirBody, ...] = ()
    symlink: tuple[SymlinkBody, ...] = ()


class AlternativeBody(Body):
    """Another origin of the same version, tried in order when `source` fails; not known to hermit."""

    source: str = _must(
        "Where to get the package; as `source`.", 'source = "https://mirror.example.org/jq.tar.gz"'
    )
    sha256: Sha256 = _says(
        "Its SHA-256 digest; default: its entry in `sha256sums`.", f'sha256 = "{"0" * 64}"', ""
    )
    strip: int | None = _says("Leading path components to drop, if not as many as `strip`.", "strip = 1")


class LayerBody(Body):
    """Attributes that a manifest, a platform, a version and a channel have in common."""

    arch: str = _says(
        "The processor the package is for; in `darwin` and `linux` also a filter.", 'arch = "arm64"', ""
    )
    binaries: Strings = _says("Programs, as globs below `root`; layers add up.", 'binaries = ["bin/*"]', ())
    apps: Strings = _says("macOS applications inside a disk image; layers add up.", 'apps = ["Tool.app"]', ())
    rename: StringMap = _says(
        "Accepted and ignored, as in hermit; see the action.", 'rename = { "a": "b" }', {}
    )
    requires: Strings = _says(
        "Packages that must be installed too, by real or virtual name.", 'requires = ["jre"]', ()
    )
    runtime_dependencies: Strings = _says(
        "Packages that this one's programs find, without being installed.",
        'runtime-dependencies = ["node-20.1.0"]',
        (),
    )
    provides: Strings = _says("Virtual names that this package satisfies.", 'provides = ["jre"]', ())
    dest: str = _says("Where to unpack, if not in the store.", 'dest = "${HOME}/Library/tool-${version}"', "")
    root: str = _says("The package's root; default: `${dest}`.", 'root = "${dest}/Contents/Home"', "")
    files: StringMap = _says(
        "Files beside the manifest to copy in.", 'files = { "tool.cfg": "${root}/tool.cfg" }', {}
    )
    strip: Annotated[int, Field(ge=0)] = _says(
        "Leading path components to drop when unpacking.", "strip = 1", 0
    )
    test: str | None = _says("A command that shows that the package works.", 'test = "tool --version"')
    env: StringMap = _says("Environment variables to set.", 'env = { "TOOL_HOME": "${root}" }', {})
    vars: StringMap = _says("Variables for use in other attributes.", 'vars = { "libc": "musl" }', {})
    source: str = _says(
        "Where to get it: an https URL, a git repository, `npm:@scope/name@1.0` or `pypi:name==1.0`.",
        'source = "https://example.org/tool-${version}-${os}-${arch}.tar.gz"',
        "",
    )
    alternative: tuple[AlternativeBody, ...] = ()
    dont_extract: bool = _says(
        "Keep what was downloaded as the one file it is.", "dont-extract = true", False
    )
    mirrors: Strings = _says(
        "More URLs of the very same file.", 'mirrors = ["https://example.com/tool.tar.gz"]', ()
    )
    sha256: Sha256 = _says("SHA-256 digest of the source.", f'sha256 = "{"0" * 64}"', "")
    sha256_source: str = _says(
        "Where the publisher lists digests; read by `manifest add-digests`.",
        'sha256-source = "https://example.org/SHA256SUMS"',
        "",
    )
    mutable: bool = _says("Leave the unpacked files writable.", "mutable = true", False)
    darwin: tuple[SystemBody, ...] = ()
    linux: tuple[SystemBody, ...] = ()
    platform: tuple[PlatformBody, ...] = ()
    on: tuple[OnBody, ...] = ()


class SystemBody(LayerBody):
    """A layer for one operating system, and for the processor `arch` if it is given."""


class PlatformBody(LayerBody):
    """A layer for some platforms: each label, a regular expression, matches system, processor or both."""

    label: ClassVar[str] = "attr"
    many_labels: ClassVar[bool] = True

    attr: Strings


class HtmlBody(Body):
    """Versions listed on a web page."""

    url: str = _must("The page.", 'url = "https://example.org/releases"')
    xpath: str = _says("An XPath expression for the versions.", 'xpath = "//a/@href"', "")
    css: str = _says("A CSS selector for the versions.", 'css = "td.version"', "")


class JsonBody(Body):
    """Versions listed in a JSON document."""

    url: str = _must("The document.", 'url = "https://example.org/releases.json"')
    jq: str = _must("A jq expression for the versions.", 'jq = ".[].version"')


class AutoVersionBody(Body):
    """Where `manifest auto-version` finds new versions."""

    github_release: str = _says("The releases of a GitHub repository.", 'github-release = "owner/tool"', "")
    git_tags: str = _says("The tags of a git repository.", 'git-tags = "https://example.org/tool.git"', "")
    html: HtmlBody | None = None
    json_: JsonBody | None = None
    version_pattern: str = _says(
        "A regular expression; its group is the version.", 'version-pattern = "v(.*)"', "v?(.*)"
    )
    ignore_invalid_versions: bool = _says(
        "Pass over what does not match instead of failing.", "ignore-invalid-versions = true", False
    )


class VersionBody(LayerBody):
    """Versions that can be installed, and a layer for them."""

    label: ClassVar[str] = "version"
    many_labels: ClassVar[bool] = True

    version: tuple[Label, ...]
    auto_version: AutoVersionBody | None = None


class ChannelBody(LayerBody):
    """A name for whatever is newest, and a layer for it."""

    label: ClassVar[str] = "name"

    name: Label
    update: Annotated[float, BeforeValidator(_duration)] = _must(
        "How often to look for news.", 'update = "24h"'
    )
    version: str | None = _says("A glob; the channel is the highest version it matches.", 'version = "1.*"')


class ManifestBody(LayerBody):
    """A whole manifest."""

    default: str = _says("The version or channel to install if none is named.", 'default = "1.0.0"', "")
    description: str = _must(
        "What the package is, in a sentence.", 'description = "Command-line JSON processor"'
    )
    homepage: str = _says("The project's web site.", 'homepage = "https://example.org"', "")
    repository: str = _says("Where its source is kept.", 'repository = "https://github.com/owner/tool"', "")
    sha256sums: dict[str, Sha256] = _says(
        "SHA-256 digests of sources, by URL.",
        f'sha256sums = {{ "https://example.org/tool.tar.gz": "{"0" * 64}" }}',
        {},
    )
    version: tuple[VersionBody, ...] = ()
    channel: tuple[ChannelBody, ...] = ()


# Layers hold layers, so these could not be completed where they stand.
for _model in (LayerBody, SystemBody, PlatformBody):
    _model.model_rebuild()


class RejectedError(Exception):
    """A body that the schema refuses; ``errors`` are pydantic's, as dictionaries."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__()
        self.errors: list[Mapping[str, Any]] = [*error.errors(include_url=False)]


def validate(raw: Mapping[str, Any]) -> ManifestBody:
    """Return the manifest that a raw body is; raise :class:`RejectedError` with all that is wrong."""
    try:
        return ManifestBody.model_validate(raw)
    except ValidationError as error:
        raise RejectedError(error) from error
