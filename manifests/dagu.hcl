# Where the digests are from:
# - 1.30.2 on linux-amd64: the publisher's npm package; computed from the tarball, after this matched the integrity
#   (SHA-512) that the registry states. Packages for other platforms were looked for there and not found;
# - 2.x: public build recipes. They were not compared with upstream's own checksums.txt yet.
# Where no digest is listed none is known. checksums.txt can supply it.
description = "Runs workflows written as YAML, on one machine and without a database."
homepage = "https://dagu.cloud/"
repository = "https://github.com/dagucloud/dagu"
binaries = ["dagu"]
source = "https://github.com/dagucloud/dagu/releases/download/v${version}/dagu_${version}_${os}_${arch}.tar.gz"
sha256-source = "https://github.com/dagucloud/dagu/releases/download/v${version}/checksums.txt"

# There is no --version; the answer comes on stderr.
test = "dagu version"

# Workflows, history and logs of one environment stay with it, and apart from any other version's.
env = {
  "DAGU_HOME": "${HERMIT_ENV}/.dagu",
}

version "1.30.2" {
  platform "linux" "amd64" {
    source = "npm:@dagu-org/dagu-linux-x64@${version}"
    sha256 = "89333231d9c2925b18b13f82f41251df3a33582ad5a2583059f02ffbdf1b52f0"
    strip = 1
    root = "${dest}/bin"
  }
}

version "2.4.2" "2.10.7" "2.11.2" "2.14.0" "2.15.1" {
  auto-version {
    github-release = "dagucloud/dagu"
  }
}

sha256sums = {
  "https://github.com/dagucloud/dagu/releases/download/v2.4.2/dagu_2.4.2_linux_amd64.tar.gz": "57ad90a5ba9ae97d1f14e6707a1d0e3c83b9ed6073301eb0cd09937b50936cd0",
  "https://github.com/dagucloud/dagu/releases/download/v2.4.2/dagu_2.4.2_linux_arm64.tar.gz": "162a773dea54c75cf612d29ee7ed6f05f6975e90557e46f0581b0cfa3bb09406",
  "https://github.com/dagucloud/dagu/releases/download/v2.10.7/dagu_2.10.7_linux_amd64.tar.gz": "8884a11a982bcaf675b562544b70f81a71c6cb7a7adbafe42ed2e6f6e42ece20",
  "https://github.com/dagucloud/dagu/releases/download/v2.11.2/dagu_2.11.2_linux_amd64.tar.gz": "ccf33ff9d86e2463faeb7e7b30ebca82a96e8c76b6ea2e282adb506db69feb3d",
  "https://github.com/dagucloud/dagu/releases/download/v2.14.0/dagu_2.14.0_linux_amd64.tar.gz": "ca902060f08ad69f7e68be53b0c6f8146cef9ae3f3558529d31d773db202d00d",
  "https://github.com/dagucloud/dagu/releases/download/v2.15.1/dagu_2.15.1_linux_amd64.tar.gz": "cfadd9606af9ff74d0ea8aef91fd89a831b3c63cf99a95c456fe2fcb3bb0471e",
  "https://github.com/dagucloud/dagu/releases/download/v2.15.1/dagu_2.15.1_darwin_amd64.tar.gz": "a7fbed8e194668b9ede73de486f06f706574731ccf58fba1cffa86a1ffe84c18",
  "https://github.com/dagucloud/dagu/releases/download/v2.15.1/dagu_2.15.1_darwin_arm64.tar.gz": "e7343a08bfb42091c2a177cc1a75f7df5a4fc9c256735dfc769b3bed18f2a319",
}
