# Where the digests are from:
# - zips for linux-amd64 and darwin: carried over from the public hermit-packages repository (commit f0517fd7);
# - zips for linux-arm64 (2.9.4, 2.9.5): public build recipes, several of which agree with each other and, on the
#   other platforms, with the above. No digest is known for linux-arm64 before 2.9.4, so none is given;
# - npm packages: computed from the tarballs, after these matched the integrity (SHA-512) that the registry states.
# None was compared with upstream's own .sha256sum files yet. dl.deno.land is no mirror: its archives are not
# byte for byte those of GitHub.
description = "A runtime for JavaScript and TypeScript."
homepage = "https://deno.com/"
repository = "https://github.com/denoland/deno"
binaries = ["deno"]
test = "deno --version"

env = {
  "DENO_NO_UPDATE_CHECK": "1",
}

linux {
  source = "https://github.com/denoland/deno/releases/download/v${version}/deno-${xarch}-unknown-linux-gnu.zip"
}

darwin {
  source = "https://github.com/denoland/deno/releases/download/v${version}/deno-${xarch}-apple-darwin.zip"
}

version "1.45.5" "1.46.3" "2.0.6" "2.1.1" "2.1.10" "2.2.12" "2.3.7" "2.4.5"
        "2.5.6" "2.6.10" "2.7.14" "2.8.3" {}

# The publisher's npm packages hold deno as well, each platform's in a tarball of its own.
version "2.9.4" "2.9.5" {
  platform "linux" "amd64" {
    alternative {
      source = "npm:@deno/linux-x64-glibc@${version}"
      strip = 1
    }
  }

  platform "linux" "arm64" {
    alternative {
      source = "npm:@deno/linux-arm64-glibc@${version}"
      strip = 1
    }
  }

  platform "darwin" "amd64" {
    alternative {
      source = "npm:@deno/darwin-x64@${version}"
      strip = 1
    }
  }

  platform "darwin" "arm64" {
    alternative {
      source = "npm:@deno/darwin-arm64@${version}"
      strip = 1
    }
  }

  auto-version {
    github-release = "denoland/deno"
  }
}

sha256sums = {
  "https://github.com/denoland/deno/releases/download/v1.45.5/deno-x86_64-unknown-linux-gnu.zip": "e54f763c8889212992a787abea32903e59ea30a52b577be8a3b56242596f2b29",
  "https://github.com/denoland/deno/releases/download/v1.45.5/deno-x86_64-apple-darwin.zip": "edd8a3d04526b2e06faba8527dfe50f718b422cb03949900a60eabd368669ded",
  "https://github.com/denoland/deno/releases/download/v1.45.5/deno-aarch64-apple-darwin.zip": "36a37289ceaf1cf52df3c748dab47bf31dfb374fe5485125732de66a859b3589",
  "https://github.com/denoland/deno/releases/download/v1.46.3/deno-x86_64-unknown-linux-gnu.zip": "39bb1d21ad19c16fcb14f9d58fb542c2bccf0cd92c19aee8127ac5112b48bf83",
  "https://github.com/denoland/deno/releases/download/v1.46.3/deno-x86_64-apple-darwin.zip": "a7a3d9fcced6f959728457e93270c7e3f612c039cd7c58022094d6fa4ef28fe2",
  "https://github.com/denoland/deno/releases/download/v1.46.3/deno-aarch64-apple-darwin.zip": "e74f8ddd6d8205654905a4e42b5a605ab110722a7898aef68bc35d6e704c2946",
  "https://github.com/denoland/deno/releases/download/v2.0.6/deno-x86_64-unknown-linux-gnu.zip": "946c370617bfc041a353a5fb19b84c209461b1c2bb902908702e699a5276659e",
  "https://github.com/denoland/deno/releases/download/v2.0.6/deno-x86_64-apple-darwin.zip": "e52a6fe0b1ada1511ea6ee298682aaf932d5886f2965c8dbd64538a3c6e7e054",
  "https://github.com/denoland/deno/releases/download/v2.0.6/deno-aarch64-apple-darwin.zip": "627eafee904cd625d7056d53377444dbd24789434b1062e9a141793c0f38cbbb",
  "https://github.com/denoland/deno/releases/download/v2.1.1/deno-x86_64-unknown-linux-gnu.zip": "cbc1b6728040f715e879a3a0c36e462bd09c37b634eb79d04df0bc8bdb07d6c6",
  "https://github.com/denoland/deno/releases/download/v2.1.1/deno-x86_64-apple-darwin.zip": "475e7d0d91ba2e6916a00ccf60368cb4d6b122a6757938dda045a10a2bdfa846",
  "https://github.com/denoland/deno/releases/download/v2.1.1/deno-aarch64-apple-darwin.zip": "91a95616381f9f5d1a7108dac5957221bbbc10a7af13bac67e718bdd2500fff7",
  "https://github.com/denoland/deno/releases/download/v2.1.10/deno-x86_64-unknown-linux-gnu.zip": "55d18bf969b7ac6e132b3a35f31f8f01c0bd9c0e847e05b459f40384ce746cc1",
  "https://github.com/denoland/deno/releases/download/v2.1.10/deno-x86_64-apple-darwin.zip": "fc7fac4640c2e2ad042318e8e8433f6e522105db856f049d8195af5769638420",
  "https://github.com/denoland/deno/releases/download/v2.1.10/deno-aarch64-apple-darwin.zip": "d33fe472cd93bbabcdfbcb5cb9806cf49e3a862365963aef323bafb9d7326bf4",
  "https://github.com/denoland/deno/releases/download/v2.2.12/deno-x86_64-unknown-linux-gnu.zip": "bb7ef8ba33d0e02f9f3507e79c3559cfcd31c8a5c64f4f1bb914f3ac83dd66d5",
  "https://github.com/denoland/deno/releases/download/v2.2.12/deno-x86_64-apple-darwin.zip": "f0b94923f23968ed0882a21c5f54a1eaee02ab52c818a522b89e084c816398bc",
  "https://github.com/denoland/deno/releases/download/v2.2.12/deno-aarch64-apple-darwin.zip": "0dcab0cfe848cd37aba624bfa1a975ff8f7ed5ab83e61d7d32c6a3f47754ef69",
  "https://github.com/denoland/deno/releases/download/v2.3.7/deno-x86_64-unknown-linux-gnu.zip": "63f55a621441fbbc8830324baf3d9c7a94928c7fb6b8ad54265dc9442dcd1dd2",
  "https://github.com/denoland/deno/releases/download/v2.3.7/deno-x86_64-apple-darwin.zip": "49655e8059ffd59976bf23f9ed0d843c9c6e33ceb3d0e780bd3d87ee5e051734",
  "https://github.com/denoland/deno/releases/download/v2.3.7/deno-aarch64-apple-darwin.zip": "764389a4d499c56e7b950d4d7d9bb52a9a55b87717d25f6ce65faee895dfa2f0",
  "https://github.com/denoland/deno/releases/download/v2.4.5/deno-x86_64-unknown-linux-gnu.zip": "6f9d8115bb3df582c0c5674507e906323b680be0f0b15e735d0cd5ec6be44444",
  "https://github.com/denoland/deno/releases/download/v2.4.5/deno-x86_64-apple-darwin.zip": "cd46e3d5c06fbd21ef12742def67cc12ef83a2f99d44e00419615f99de056574",
  "https://github.com/denoland/deno/releases/download/v2.4.5/deno-aarch64-apple-darwin.zip": "d21374dc6aa02b493467ec2f6d865cab95cffebb89aab242dc1acf95274681ee",
  "https://github.com/denoland/deno/releases/download/v2.5.6/deno-x86_64-unknown-linux-gnu.zip": "fd4f6abc1b6a134fa9a4dba56519f1631f44c88e04e4e3e9a8ff5975dfa66e1a",
  "https://github.com/denoland/deno/releases/download/v2.5.6/deno-x86_64-apple-darwin.zip": "bd2a862509f930c5dee2aaef4939d6c161d833a7fec8d385d0c6e55c3136c4c2",
  "https://github.com/denoland/deno/releases/download/v2.5.6/deno-aarch64-apple-darwin.zip": "32a5b2bcf49432715719c7c769529269fbd08cafdc059b7cecd42f9d771059ab",
  "https://github.com/denoland/deno/releases/download/v2.6.10/deno-x86_64-unknown-linux-gnu.zip": "a7c9d5c1f93bfaabe03c3c0583a8c88caf695db3cec4dea2938440038609f225",
  "https://github.com/denoland/deno/releases/download/v2.6.10/deno-x86_64-apple-darwin.zip": "549d631ebe2421ee5e16b7a194764ba649ce2d1f4527496c2e607e551b7979b0",
  "https://github.com/denoland/deno/releases/download/v2.6.10/deno-aarch64-apple-darwin.zip": "cdc880f43913f105de02a484005e5a5ed030c905e5a67e288f9ecadde6a86f62",
  "https://github.com/denoland/deno/releases/download/v2.7.14/deno-x86_64-unknown-linux-gnu.zip": "3287efef53606966469cb6a02781327be22b908959397f976e2996dc1b64ae0f",
  "https://github.com/denoland/deno/releases/download/v2.7.14/deno-x86_64-apple-darwin.zip": "c89149513bf8e82ab5b351dac544f8c0cada90753bd2f576f46325fb67997ae1",
  "https://github.com/denoland/deno/releases/download/v2.7.14/deno-aarch64-apple-darwin.zip": "aeb5825f83b4a9cd7f9355a1c4ddd666205dacf76ccb7b98c2b10e066bc9e4bb",
  "https://github.com/denoland/deno/releases/download/v2.8.3/deno-x86_64-unknown-linux-gnu.zip": "30455b845ffa6082209c3590269c910ad3b7efdf28c9879afd4006c47ae54197",
  "https://github.com/denoland/deno/releases/download/v2.8.3/deno-x86_64-apple-darwin.zip": "4254ec12123cfcf88b87703d7acf092a1ea024bdf9be8dd3cd9d4474761cb74e",
  "https://github.com/denoland/deno/releases/download/v2.8.3/deno-aarch64-apple-darwin.zip": "88b350be928fdba0e5d8142ff7c101a17133426371e3cf5ed0e0f74e62476f6c",
  "https://github.com/denoland/deno/releases/download/v2.9.4/deno-x86_64-unknown-linux-gnu.zip": "c24f955d9fbfe0ea5ae2b501c8e71ae76e31e4c9782390a54a284b3364fda725",
  "https://github.com/denoland/deno/releases/download/v2.9.4/deno-aarch64-unknown-linux-gnu.zip": "111da5c05c240cfdc4340f234a0e3539d39dbcb6755221f19dcd60bacc8be5aa",
  "https://github.com/denoland/deno/releases/download/v2.9.4/deno-x86_64-apple-darwin.zip": "f757df6d3991e37601c69fad56c22b37c4ea77b5dcfad3636a642c2ba4c9b19f",
  "https://github.com/denoland/deno/releases/download/v2.9.4/deno-aarch64-apple-darwin.zip": "6d17647fdbf9c587a581dba205054c4ccf732dae0a196cc1e9b44c07589db412",
  "https://github.com/denoland/deno/releases/download/v2.9.5/deno-x86_64-unknown-linux-gnu.zip": "8b010a3b1a4a0188a67cdb8a7a27348b2a501af78aec7fc74f2ace167368d530",
  "https://github.com/denoland/deno/releases/download/v2.9.5/deno-aarch64-unknown-linux-gnu.zip": "6b7cae3a8fc4385a59dea3146fcb8bad7fea4230e0ad36a8c692afacbc254be0",
  "https://github.com/denoland/deno/releases/download/v2.9.5/deno-x86_64-apple-darwin.zip": "c1b8b89a81e91b2a8b3f96def3195d08cfe3a105651da7908d53061f7140510d",
  "https://github.com/denoland/deno/releases/download/v2.9.5/deno-aarch64-apple-darwin.zip": "b796aadd131f6930560c1ee040cf0d6f53933fbb987464e9ff46bd7ea4830615",
  "npm:@deno/linux-x64-glibc@2.9.4": "7914fc9dea188fe33bcd311218026b91d402be32131467a3addbead67ca07889",
  "npm:@deno/linux-arm64-glibc@2.9.4": "8db82e5b8998ad39c7c9155cd397a3852b4e06c91da0b53d9cedb43d10178b1f",
  "npm:@deno/darwin-x64@2.9.4": "fb5b1004e40a74df0efd4b7b407ff31d1e2dbbb18fb2a493e001fe671f55ffea",
  "npm:@deno/darwin-arm64@2.9.4": "14aab52098d6c175955c9a0b9fa5de5644d097f653c406d34db352d287e64aaa",
  "npm:@deno/linux-x64-glibc@2.9.5": "a6a758a7776cc9b405c267902dae9cef8426239dd656bb767611c24c7ab75222",
  "npm:@deno/linux-arm64-glibc@2.9.5": "32aa20fd0753ab4a8bd50cb78c3bae19d6fe9b39645fa98c936d666ead1c8dcc",
  "npm:@deno/darwin-x64@2.9.5": "82404c1fc3f31603f1b4e2df47c2e765e397ae354df3a542b14d758777c2b91f",
  "npm:@deno/darwin-arm64@2.9.5": "412fe73adf1b7f993a66a1b66b4cd509f46f181b76ba43ce4b698d4974578659",
}
