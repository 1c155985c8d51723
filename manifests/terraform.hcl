# The digests were carried over from the public hermit-packages repository (commit f0517fd7), where a bot records
# them on the first download; those of 1.5.6 to 1.8.5 and of 1.11.4 agree with other public build recipes. None
# was compared with upstream's signed SHA256SUMS yet.
description = "Plans and makes changes to infrastructure from declarative configuration."
homepage = "https://developer.hashicorp.com/terraform"
repository = "https://github.com/hashicorp/terraform"
binaries = ["terraform"]
test = "terraform version"
source = "https://releases.hashicorp.com/terraform/${version}/terraform_${version}_${os}_${arch}.zip"
sha256-source = "https://releases.hashicorp.com/terraform/${version}/terraform_${version}_SHA256SUMS"

# No call home on every command.
env = {
  "CHECKPOINT_DISABLE": "1",
}

# 1.5.6 and 1.5.7 are the last releases under the MPL-2.0; later ones are under the BUSL-1.1.
version "1.5.6" "1.5.7" {}

version "1.6.6" "1.7.5" "1.8.5" "1.9.8" "1.10.5"
        "1.11.4" "1.12.2" "1.13.5" "1.14.6" "1.14.9" "1.15.8" {
  auto-version {
    github-release = "hashicorp/terraform"
  }
}

sha256sums = {
  "https://releases.hashicorp.com/terraform/1.5.6/terraform_1.5.6_linux_amd64.zip": "3de5135eecbdb882c7c941920846cc63b0685209f9f8532c6fc1460d9c58e347",
  "https://releases.hashicorp.com/terraform/1.5.6/terraform_1.5.6_linux_arm64.zip": "e36dd4cbb4e4ccb96134993b36e99ef5cd5baf84f70615020dc00d91150bc277",
  "https://releases.hashicorp.com/terraform/1.5.6/terraform_1.5.6_darwin_amd64.zip": "a65a994111b9d1c7fca8fdb76470430a54e1367c6342507228954d944e82f9db",
  "https://releases.hashicorp.com/terraform/1.5.6/terraform_1.5.6_darwin_arm64.zip": "c540d0ccbfb37884232dffd277c0ed08ab01ea7c05fe61b66951dddfc0dd802c",
  "https://releases.hashicorp.com/terraform/1.5.7/terraform_1.5.7_linux_amd64.zip": "c0ed7bc32ee52ae255af9982c8c88a7a4c610485cf1d55feeb037eab75fa082c",
  "https://releases.hashicorp.com/terraform/1.5.7/terraform_1.5.7_linux_arm64.zip": "f4b4ad7c6b6088960a667e34495cae490fb072947a9ff266bf5929f5333565e4",
  "https://releases.hashicorp.com/terraform/1.5.7/terraform_1.5.7_darwin_amd64.zip": "b310ec0e626e9799000cfc8e30247cd827cf7f8030c8e0400257c7f111e93537",
  "https://releases.hashicorp.com/terraform/1.5.7/terraform_1.5.7_darwin_arm64.zip": "db7c33eb1a446b73a443e2c55b532845f7b70cd56100bec4c96f15cfab5f50cb",
  "https://releases.hashicorp.com/terraform/1.6.6/terraform_1.6.6_linux_amd64.zip": "d117883fd98b960c5d0f012b0d4b21801e1aea985e26949c2d1ebb39af074f00",
  "https://releases.hashicorp.com/terraform/1.6.6/terraform_1.6.6_linux_arm64.zip": "4066567f4ba031036d9b14c1edb85399aac1cfd6bbec89cdd8c26199adb2793b",
  "https://releases.hashicorp.com/terraform/1.6.6/terraform_1.6.6_darwin_amd64.zip": "33376343c7e0279b674c1c8b8a31dc3174ac09dd796d32651cc5e3b98f220436",
  "https://releases.hashicorp.com/terraform/1.6.6/terraform_1.6.6_darwin_arm64.zip": "01e608fc04cf54869db687a212d60f3dc3d5c828298514857f9e29f8ac1354a9",
  "https://releases.hashicorp.com/terraform/1.7.5/terraform_1.7.5_linux_amd64.zip": "3ff056b5e8259003f67fd0f0ed7229499cfb0b41f3ff55cc184088589994f7a5",
  "https://releases.hashicorp.com/terraform/1.7.5/terraform_1.7.5_linux_arm64.zip": "08631c385667dd28f03b3a3f77cb980393af4a2fcfc2236c148a678ad9150c8c",
  "https://releases.hashicorp.com/terraform/1.7.5/terraform_1.7.5_darwin_amd64.zip": "0eaf64e28f82e2defd06f7a6f3187d8cea03d5d9fcd2af54f549a6c32d6833f7",
  "https://releases.hashicorp.com/terraform/1.7.5/terraform_1.7.5_darwin_arm64.zip": "99c4d4feafb0183af2f7fbe07beeea6f83e5f5a29ae29fee3168b6810e37ff98",
  "https://releases.hashicorp.com/terraform/1.8.5/terraform_1.8.5_linux_amd64.zip": "bb1ee3e8314da76658002e2e584f2d8854b6def50b7f124e27b957a42ddacfea",
  "https://releases.hashicorp.com/terraform/1.8.5/terraform_1.8.5_linux_arm64.zip": "17b3a243ea24003a58ab324c197da8609fccae136bcb8a424bf61ec475b3a203",
  "https://releases.hashicorp.com/terraform/1.8.5/terraform_1.8.5_darwin_amd64.zip": "051c702e156a4d1a1c628783cf2ca0e1db8cca7b4c0f1686ea623558ed5560f9",
  "https://releases.hashicorp.com/terraform/1.8.5/terraform_1.8.5_darwin_arm64.zip": "627c5005ab4a2bee36316f4967a41f16d55f79ea737f78b6bb34325c728c73e1",
  "https://releases.hashicorp.com/terraform/1.9.8/terraform_1.9.8_linux_amd64.zip": "186e0145f5e5f2eb97cbd785bc78f21bae4ef15119349f6ad4fa535b83b10df8",
  "https://releases.hashicorp.com/terraform/1.9.8/terraform_1.9.8_linux_arm64.zip": "f85868798834558239f6148834884008f2722548f84034c9b0f62934b2d73ebb",
  "https://releases.hashicorp.com/terraform/1.9.8/terraform_1.9.8_darwin_amd64.zip": "be591e8c59c49d0cfbc7664d24910a4b43840b89d0a4bbca662149bbf0397e91",
  "https://releases.hashicorp.com/terraform/1.9.8/terraform_1.9.8_darwin_arm64.zip": "873d7b925d08578fb6bb9c12c7cd92ae73e289e07c360f2fdd69f9036b7baaab",
  "https://releases.hashicorp.com/terraform/1.10.5/terraform_1.10.5_linux_amd64.zip": "0566a24f5332098b15716ebc394be503f4094acba5ba529bf5eb0698ed5e2a90",
  "https://releases.hashicorp.com/terraform/1.10.5/terraform_1.10.5_linux_arm64.zip": "0ca5d6977c7c46bfa4bbe030030b911e897cf0cb72bff5525fb76c10f1c3409a",
  "https://releases.hashicorp.com/terraform/1.10.5/terraform_1.10.5_darwin_amd64.zip": "4164db242076c7e99ac6aec67bc42b366925b97267e3883edaca4e4e408b082e",
  "https://releases.hashicorp.com/terraform/1.10.5/terraform_1.10.5_darwin_arm64.zip": "51910553dae21dab7f5f55912129602fd902e68a6b6d84b326a556a3e140b98b",
  "https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
  "https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_linux_arm64.zip": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
  "https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_darwin_amd64.zip": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
  "https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_darwin_arm64.zip": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
  "https://releases.hashicorp.com/terraform/1.12.2/terraform_1.12.2_linux_amd64.zip": "1eaed12ca41fcfe094da3d76a7e9aa0639ad3409c43be0103ee9f5a1ff4b7437",
  "https://releases.hashicorp.com/terraform/1.12.2/terraform_1.12.2_linux_arm64.zip": "f8a0347dc5e68e6d60a9fa2db361762e7943ed084a773f28a981d988ceb6fdc9",
  "https://releases.hashicorp.com/terraform/1.12.2/terraform_1.12.2_darwin_amd64.zip": "c65aa74bed1dbb1c48ba4bbab11f08e7f7eeb54a422146561490275340468f19",
  "https://releases.hashicorp.com/terraform/1.12.2/terraform_1.12.2_darwin_arm64.zip": "1ca02f336ff4f993d6441806d38a0bcc0bbca0e3c877b84c9c2dc80cfcd0dc8b",
  "https://releases.hashicorp.com/terraform/1.13.5/terraform_1.13.5_linux_amd64.zip": "0dbe3fcc268eb670801af6a6456799d1ae26e72e73797f6c6167e18aafd1fd9a",
  "https://releases.hashicorp.com/terraform/1.13.5/terraform_1.13.5_linux_arm64.zip": "fc1ddcb403fb57e25bdbdceb1ef2b1a102650c01b4d65dd3410082d2ef8b4417",
  "https://releases.hashicorp.com/terraform/1.13.5/terraform_1.13.5_darwin_amd64.zip": "92f76865230cbe6bb747e49cb3dc5b44a054324bbdd1a080bb127b326b94c404",
  "https://releases.hashicorp.com/terraform/1.13.5/terraform_1.13.5_darwin_arm64.zip": "1bf942231235e7e1a4c38c6d7b820e54f526ac487f87d19f0c4a425c6ddb62cb",
  "https://releases.hashicorp.com/terraform/1.14.6/terraform_1.14.6_linux_amd64.zip": "364c6ee08b0cb8fcbb28a115aacb2aa48e88abc56c149170bd65c2f75d98ea8d",
  "https://releases.hashicorp.com/terraform/1.14.6/terraform_1.14.6_linux_arm64.zip": "190037f64695556ac75965c00da5d85b3663f38553d909e9a51c4490cba4b6c1",
  "https://releases.hashicorp.com/terraform/1.14.6/terraform_1.14.6_darwin_amd64.zip": "ae13b4d204b00a0742f13a3de78a78994918f31333b1537db682cd0a7085dac0",
  "https://releases.hashicorp.com/terraform/1.14.6/terraform_1.14.6_darwin_arm64.zip": "5d91a8d6877e792de00be8db2324a2561edeb312ec2ff141b877131b82622c76",
  "https://releases.hashicorp.com/terraform/1.14.9/terraform_1.14.9_linux_amd64.zip": "2e5cffc20a0b48a67a76268723bd5a10b8666f69b2aa4f04906e206726bedd63",
  "https://releases.hashicorp.com/terraform/1.14.9/terraform_1.14.9_linux_arm64.zip": "863002085b886453795d9ff4b8989b8468784478150b70ba8a1df3e3ad66da99",
  "https://releases.hashicorp.com/terraform/1.14.9/terraform_1.14.9_darwin_amd64.zip": "c15326e1af102d2767d40208a0157d1402057f80192991f56803b66457304cf3",
  "https://releases.hashicorp.com/terraform/1.14.9/terraform_1.14.9_darwin_arm64.zip": "5bc0b11b7a63c8984a41d82523356df46f7833c2e9651a39a7f8919422de5cde",
  "https://releases.hashicorp.com/terraform/1.15.8/terraform_1.15.8_linux_amd64.zip": "d25ce7b6902013ad905db3d2eab0be4cd905887fe88b81a6171b8d5503c31f3d",
  "https://releases.hashicorp.com/terraform/1.15.8/terraform_1.15.8_linux_arm64.zip": "8891e9dcedc9e3b8950bc6af9d4d8af1f4cfade3062f53b9dc403a89f6ce8c9c",
  "https://releases.hashicorp.com/terraform/1.15.8/terraform_1.15.8_darwin_amd64.zip": "e2e812e783771159bf758fd4e55d6dc9bb08f63e2af2c63d212721807a02c5dc",
  "https://releases.hashicorp.com/terraform/1.15.8/terraform_1.15.8_darwin_arm64.zip": "f210110c5698b94d803a7a63cdb0251b5455c150841478808e2bbb343f95ed68",
}
