"""The ladder from its first rung to its last, by commands alone: a program of the guide's shape is run unchanged,
scanned, rewritten with a proof, its thread taken along, and the conversation goes on where bridge is not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import openai
import pytest
from cli_help import BIN, call, environment, run

from bridge.testing import serve_scripted
from codemod.corpus import SCRIPT
from doors.environments import python_with

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not hasattr(openai.OpenAI, "responses"), reason=f"openai {openai.__version__} has no responses"),
]

SEED = Path(__file__).parents[1] / "seeds" / "python" / "weather_polling.py"
RUNGS = ("run", "see", "rewrite", "share", "remove")
GOES_ON = """
import importlib.util, json, sys
from openai import OpenAI

assert importlib.util.find_spec("bridge") is None, "it is to be uninstalled"
client = OpenAI()
history = [*json.load(open(sys.argv[1])), {"role": "user", "content": "Hello again"}]
print(client.responses.create(model="gpt-4o", input=history, store=False).output_text)
"""


def left(program: str) -> dict[str, int]:
    """What `bridge scan` finds, rung by rung."""
    told = json.loads(call("scan", program, "--format", "json").stdout)
    return {each["rung"]: each["findings"] for each in told["rungs"]}


def test_from_broken_to_native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(SEED, "app.py")
    Path("script.yaml").write_text(json.dumps(SCRIPT))
    answer = "The tools say 57 and 0.06."
    with serve_scripted(SCRIPT) as served:
        told = {"OPENAI_BASE_URL": served.url, "OPENAI_API_KEY": "sk-test", "BRIDGE_STORE": str(tmp_path / "bridge.db")}

        # 1: unchanged
        done = run(str(BIN / "bridge"), "run", "app.py", **told, PYTHONWARNINGS="ignore")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, answer), done.stderr
        assert left("app.py")["run"] > 0

        # 2: seen
        before = left("app.py")
        assert tuple(before) == RUNGS and before["rewrite"] >= 6

        # 3: rewritten, with its proof
        result = call(
            "codemod", "app.py", "--prove", "--write", "--upstream", "scripted:script.yaml", "--report", "proof.json"
        )
        assert result.exit_code == 0, result.output
        assert json.loads(Path("proof.json").read_text())[0]["verdict"] == "proved", result.stderr
        assert (left("app.py")["run"], left("app.py")["rewrite"]) == (0, 0)

        # 4, 5: the thread taken along, and bridge gone
        result = call("export", "--all", "--store", "bridge.db", "--as", "items", "--to", "threads")
        assert result.exit_code == 0, result.output
        (exported,) = Path("threads").rglob("thread_*.json")
        Path("bridge.db").unlink()
        native = str(python_with("native", "openai"))
        for command in ([native, "app.py"], [native, "-c", GOES_ON, str(exported)]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(**told))
            assert done.returncode == 0, done.stderr
        assert served.scripted.requests[-1]["input"][-1] == {"role": "user", "content": "Hello again"}
        assert json.dumps(served.scripted.requests[-1]).count(answer) == 1
        assert left(".")["remove"] == 0
