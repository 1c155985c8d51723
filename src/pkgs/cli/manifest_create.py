"""``pkgs manifest create``: a manifest for a tool that has none."""

from __future__ import annotations

import argparse

from pkgs.app import App
from pkgs.cli.authoring import fetcher, web

EPILOG = """\
URL is a download for any platform, or the page of a release on GitHub. The downloads for the other platforms
are looked for under the names that publishers use; all are fetched and opened, to find the tools in them and
to take their digests, which have to be what checksum files beside them state. The manifest is printed; every
manifest that is printed loads and resolves. Read it, add a test, and see that the tool works.

examples:
  pkgs manifest create https://github.com/owner/tool/releases/download/v1.2.3/tool_1.2.3_linux_amd64.tar.gz
  pkgs manifest create https://github.com/owner/tool/releases/latest >manifests/tool.hcl
  pkgs manifest create --pkg-version 7 https://example.org/tool-7-linux-x64.zip
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("url", metavar="URL", help="a download, or the page of a release on GitHub")
    parser.add_argument(
        "--pkg-version", default="", metavar="V", help="the version, where URL does not tell it"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Create."""
    from pkgs.authoring.checksums import Checksums
    from pkgs.authoring.create import Maker
    from pkgs.authoring.github import Github

    downloads = fetcher(app)
    with web(app) as asking:
        github = Github(asking, app.environ, app.reporter.warn)
        maker = Maker(
            fetcher=downloads,
            blobs=app.store.blobs,
            checksums=Checksums(downloads.text),
            reporter=app.reporter,
            release=github.release,
            about=github.about,
            on_github=github.serves,
            today=app.today,
        )
        text = maker.make(args.url, args.pkg_version)
    app.out.write(text)
    return 0
