"""Whole journeys in a real browser: runs the specs of this folder (TypeScript, vitest, Chromium) and passes on what they say."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted(path.name for path in Path(__file__).parent.glob("*.spec.ts"))


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_every_spec_passes_in_the_browser(tmp_path: Path) -> None:
    """One desk is started for all specs (setup.ts); each spec must have run, and no test in it may fail or be left out."""
    report = tmp_path / "report.json"
    vitest = ROOT / "web" / "node_modules" / ".bin" / "vitest"
    done = subprocess.run(
        [
            vitest,
            "run",
            "-c",
            "vitest.e2e.config.mjs",
            "--reporter=verbose",
            "--reporter=json",
            f"--outputFile={report}",
        ],
        cwd=ROOT / "web",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "0"},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:]
    result = json.loads(report.read_text(encoding="utf-8"))
    assert sorted(Path(suite["name"]).name for suite in result["testResults"]) == SPECS
    assert result["numFailedTests"] == result["numPendingTests"] == result["numTodoTests"] == 0
    assert result["numPassedTests"] == result["numTotalTests"] > 0
