# The one digest listed, 1.15.1 on linux-amd64, comes from a public build recipe. It was not compared with upstream,
# which publishes no checksums beside the archives. For every other version and platform no digest is known.
# tiup-mirrors.pingcap.com is no mirror of these archives: files of the same names there have other contents.
description = "Installs and runs the components of a TiDB cluster."
homepage = "https://tiup.io/"
repository = "https://github.com/pingcap/tiup"
binaries = ["bin/tiup"]
test = "tiup --version"
source = "https://github.com/pingcap/tiup/releases/download/v${version}/tiup-v${version}-${os}-${arch}.tar.gz"

# Components and cluster definitions belong to the environment. tiup update --self would put a second tiup here,
# and leave the pinned one as it is.
env = {
  "TIUP_HOME": "${HERMIT_ENV}/.tiup",
}

# Read in tiup's source, not run: all but help and version need ${TIUP_HOME}/bin/root.json.
on "install" {
  message {
    text = "tiup: run 'tiup mirror set https://tiup-mirrors.pingcap.com' once to fetch this environment's root of trust"
  }
}

version "1.15.1" "1.16.5" {
  auto-version {
    github-release = "pingcap/tiup"
  }
}

sha256sums = {
  "https://github.com/pingcap/tiup/releases/download/v1.15.1/tiup-v1.15.1-linux-amd64.tar.gz": "fd6a2da278ebaee70e3bfbb7faa03cd29076b90a38a7e2b0edfea50cdca3b717",
}
