"""A runbook as its author runs it: dagu's steps call deno and terraform, all by pkgs, not activated.

dagu passes few variables on to its steps, so what the tools need has to come from their shims. dagu and deno
come from the npm registry; terraform is the machine's own, packed, or else a small tool takes its place.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgs.platforms import PLATFORMS, Platform
from tests.support.checkout import ROOT
from tests.support.isolation import offline
from tests.support.project import Project, Run

pytestmark = [
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(Platform.current() != PLATFORMS[0], reason="dagu's npm package is for linux-amd64"),
]

TERRAFORM = shutil.which("terraform", path="/usr/local/bin:/usr/bin")
STEPS = {
    "terraform": {
        "version": "terraform version",
        "init": "terraform -chdir=work init -input=false -no-color",
        "plan": "terraform -chdir=work plan -input=false -no-color -out=plan -var cluster=$CLUSTER",
        "apply": "terraform -chdir=work apply -input=false -no-color plan",
        "settled": "terraform -chdir=work plan -no-color -detailed-exitcode -var cluster=$CLUSTER",
        "output": "terraform -chdir=work output -json",
    },
    "ledger": {
        "version": "ledger version",
        "init": "ledger init",
        "plan": "ledger plan $CLUSTER",
        "apply": "ledger apply",
        "settled": "ledger settled $CLUSTER",
        "output": "ledger output",
    },
}
LEDGER = """\
cd work || exit
case $1 in
version) echo "ledger 1.0" ;;
init) mkdir -p ledger ;;
plan) printf '%s' "$2" >ledger/plan ;;
apply) mv ledger/plan ledger/cluster && printenv CHECKPOINT_DISABLE >../checkpoint ;;
settled) [ "$(cat ledger/cluster)" = "$2" ] ;;
output) printf '{"cluster": {"value": "%s"}}' "$(cat ledger/cluster)" ;;
esac
"""
DAG = """\
type: graph
params: CLUSTER=none CONFIRM=no
steps:
  - name: s01-versions
    command: sh -c 'dagu version >versions 2>&1; deno --version >>versions; {version} >>versions'
  - name: s02-preflight
    command: deno run --allow-env --allow-write preflight.ts $CLUSTER
    output: PREFLIGHT
    depends: s01-versions
  - name: s03-init
    command: {init}
    depends: s02-preflight
  - name: s04-plan
    command: {plan}
    depends: s03-init
  - name: s05-approve
    command: deno eval 'if (Deno.args[0] !== "yes") Deno.exit(9)' $CONFIRM
    depends: s04-plan
  - name: s06-apply
    command: {apply}
    depends: s05-approve
  - name: s07-settled
    command: {settled}
    depends: s06-apply
  - name: s08-output
    command: sh -c '{output} >output.json'
    depends: s07-settled
  - name: s09-cutover
    command: sh cutover.sh
    retryPolicy:
      limit: 2
      intervalSec: 0
    depends: s08-output
  - name: s10-report
    command: deno run --allow-env --allow-read --allow-write report.ts $CLUSTER
    depends: s09-cutover
"""
FILES = {
    "preflight.ts": """\
const names = ["DENO_NO_UPDATE_CHECK", "DAGU_HOME", "SECRET"];
const seen = Object.fromEntries(names.map((name) => [name, Deno.env.get(name) ?? null]));
Deno.writeTextFileSync("preflight.json", JSON.stringify({ cluster: Deno.args[0], ...seen }));
console.log(JSON.stringify({ ok: true }));
""",
    "report.ts": """\
const output = JSON.parse(Deno.readTextFileSync("output.json"));
const preflight = JSON.parse(Deno.env.get("PREFLIGHT") ?? "{}");
const report = { cluster: Deno.args[0], applied: output.cluster.value, preflight };
Deno.writeTextFileSync("report.json", JSON.stringify(report));
""",
    "cutover.sh": """\
# Fails the first time, as cut-overs do.
if [ ! -e tried ]; then touch tried; exit 1; fi
printenv DAGU_HOME >dagu-home
""",
    "work/main.tf": """\
variable "cluster" {}
resource "terraform_data" "cluster" {
  input = var.cluster
  provisioner "local-exec" {
    command = "printenv CHECKPOINT_DISABLE >../checkpoint"
  }
}
output "cluster" { value = terraform_data.cluster.output }
""",
    "replace.ts": """\
// What the tool `exec` does: the process becomes the command.
const libc = Deno.dlopen("libc.so.6", { execvp: { parameters: ["buffer", "buffer"], result: "i32" } });
const words = Deno.args.map((word) => new TextEncoder().encode(word + "\\0"));
const list = new BigUint64Array(words.length + 1);
words.forEach((word, at) => (list[at] = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(word)))));
libc.symbols.execvp(words[0], new Uint8Array(list.buffer));
Deno.exit(126);
""",
}


@dataclass(frozen=True, slots=True)
class Runbook:
    """A project with the runbook, whose environment pins dagu, deno and a third tool."""

    project: Project
    home: Path
    third: str

    def environ(self, **more: str) -> dict[str, str]:
        """Return all there is of an environment: no activation, no PKGS variable."""
        return {"HOME": str(self.home), "PATH": f"{self.project.bin}:/usr/bin:/bin", **more}

    def call(self, *words: str | Path, **more: str) -> Run:
        """Run a command through ``env -i``, without a network where that can be arranged."""
        variables = [f"{name}={value}" for name, value in self.environ(**more).items()]
        return self.project.run(["env", "-i", *variables, *offline(), *words])

    def start(self, *parameters: str) -> Run:
        """Run the DAG."""
        return self.call("dagu", "start", "migrate.yaml", "--", *parameters, SECRET="not for the steps")

    def read(self, name: str) -> str:
        """Return what a step wrote."""
        return (self.project.root / name).read_text()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that the tests share, so that each download is made once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def runbook(
    request: pytest.FixtureRequest, tmp_path: Path, home: Path, state: Path, registry_environ: dict[str, str]
) -> Runbook:
    """Make the project with pkgs alone, as its author would."""
    (home / ".cache").mkdir()
    (home / ".cache" / "pkgs").symlink_to(state)
    project = Project.make(tmp_path / "run book", home / ".cache" / "pkgs")
    (project.bin / "pkgs.hcl").write_text(
        f'sources = ["env:///manifests", "{(ROOT / "manifests").as_uri()}"]\n'
    )
    third = third_tool(project, tmp_path, getattr(request, "param", "ledger"))
    project.pkgs("install", "dagu-1.30.2", "deno-2.9.5", third, check=True)
    name = third.partition("-")[0]
    for path, text in {**FILES, "migrate.yaml": DAG.format(**STEPS[name])}.items():
        (project.root / path).parent.mkdir(exist_ok=True)
        (project.root / path).write_text(text)
    return Runbook(project, home, name)


def third_tool(project: Project, scratch: Path, name: str) -> str:
    """Publish the ledger or the machine's terraform in the project; return what to install."""
    more = 'env = {\n  "CHECKPOINT_DISABLE": "1",\n}\n'
    if name == "ledger":
        project.tool("ledger", "1.0.0", script=LEDGER)
        path = project.root / "manifests" / "ledger.hcl"
        path.write_text(path.read_text() + more)
        return "ledger-1.0.0"
    if TERRAFORM is None:
        pytest.skip("there is no terraform on this machine")
    archive = scratch / "terraform.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(TERRAFORM, "terraform")
    (project.root / "manifests" / "terraform.hcl").write_text(
        f'description = "terraform"\nbinaries = ["terraform"]\nsource = "{archive.as_uri()}"\n{more}'
        'version "1.11.4" {}\n'
    )
    return "terraform-1.11.4"


@pytest.mark.parametrize("runbook", ["terraform", "ledger"], indirect=True)
def test_ten_steps_call_pinned_tools_and_see_their_variables(runbook: Runbook) -> None:
    done = runbook.start("CLUSTER=c1", "CONFIRM=yes")

    assert done.status == 0, done.out + done.err
    dagu_home = str(runbook.project.root / ".dagu")
    assert json.loads(runbook.read("preflight.json")) == {
        "cluster": "c1", "DENO_NO_UPDATE_CHECK": "1", "DAGU_HOME": dagu_home, "SECRET": None,
    }  # fmt: skip
    assert runbook.read("checkpoint") == "1\n"
    assert runbook.read("dagu-home") == f"{dagu_home}\n"
    assert json.loads(runbook.read("report.json")) == {
        "cluster": "c1", "applied": "c1", "preflight": {"ok": True},
    }  # fmt: skip
    versions = runbook.read("versions")
    assert "1.30.2" in versions
    assert "deno 2.9.5" in versions
    assert runbook.third.capitalize() in versions or runbook.third in versions
    assert (runbook.project.root / ".dagu").is_dir()
    assert sorted(path.name for path in runbook.home.iterdir() if path.name != ".npmrc")[0] == ".cache"


def test_a_step_that_refuses_stops_the_runbook(runbook: Runbook) -> None:
    done = runbook.start("CLUSTER=c1", "CONFIRM=no")

    assert done.status == 1
    assert "s05-approve" in done.out + done.err
    assert not (runbook.project.root / "checkpoint").exists()


def test_deno_evaluates_a_script(runbook: Runbook) -> None:
    seen = '{ is: 6 * 7, args: Deno.args, check: Deno.env.get("DENO_NO_UPDATE_CHECK") }'
    script = f"console.log(JSON.stringify({seen}))"

    done = runbook.call(runbook.project.bin / "deno", "eval", script, "a b", "'\"")

    assert json.loads(done.out) == {"is": 42, "args": ["a b", "'\""], "check": "1"}
    assert done.err == ""


@pytest.mark.parametrize(("words", "status"), [(["dagu", "version"], 0), (["dagu", "--no-such-flag"], 1)])
def test_deno_may_become_another_tool(runbook: Runbook, words: Sequence[str], status: int) -> None:
    """execvp finds the shim on PATH, and the status is the tool's."""
    done = runbook.call("deno", "run", "--allow-ffi", "replace.ts", *words)

    assert done.status == status, done.err
    assert done.err.strip() == "1.30.2" or "no-such-flag" in done.err


def test_the_tool_that_deno_becomes_keeps_the_process(runbook: Runbook) -> None:
    runbook.project.tool("nib", "1.0.0", script='echo $$ "$DENO_NO_UPDATE_CHECK" "$@"; exit 7')
    runbook.project.pkgs("install", "nib", check=True)
    words = ["deno", "run", "--allow-ffi", "replace.ts", "nib", "a b"]

    with subprocess.Popen(
        words, cwd=runbook.project.root, env=runbook.environ(), executable=runbook.project.bin / "deno",
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 7
    assert out == f"{process.pid} 1 a b\n"
