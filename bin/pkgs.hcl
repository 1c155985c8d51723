sources = ["env:///manifests"]
