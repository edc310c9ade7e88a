"""The demo as a newcomer runs it: the whole arc happens, and every decision can be replayed."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE_S
from tests.support.process import environment

ROOT = Path(__file__).resolve().parents[2]


def genesis(*words: str, hash_seed: str = "0") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "genesis", *words],
        env=environment(PYTHONHASHSEED=hash_seed),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    out, err = process.communicate(timeout=6 * PATIENCE_S)
    return process.returncode, out.splitlines(), err


def verified(home: Path, hash_seed: str) -> dict[str, Any]:
    code, lines, err = ended(genesis("verify", "--home", str(home), hash_seed=hash_seed))
    assert code == 0, err
    return json.loads(lines[-1])


def test_the_whole_arc_on_real_ticks(shared: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    feeds = [str(shared / "data/capture" / f"btcusdt_2024080{day}.gz") for day in (8, 9)]
    code, lines, err = ended(
        genesis(
            "demo",
            "--headless",
            "--speed",
            "15",
            "--minutes",
            "8",  # at most: the feed ends it before, unless the machine is very slow
            "--home",
            str(home),
            "--feed",
            feeds[0],
            "--feed",
            feeds[1],
        )
    )
    assert code == 0, err
    told = json.loads(lines[-1])
    assert told["fills"] > 0
    assert told["log_verified"] is True
    report = Path(told["report"])
    assert (report.name, report.parent.name) == ("daily.html", "2024-08-09")
    assert report.stat().st_size < 8e6
    assert told["refusals"].keys() >= {"EXPOSURE_REACHED", "TILT_WARNING"}
    story = "\n".join(lines)
    for moment in (
        "clipped from 100.00 to 25.00 USDT",
        "tilt is CAUTION now",
        "tilt is WARNING now",
        "opens the blank page",
        "filled: ",
        "stopped out at",
        "the limited hour begins: 50 % sizes",
        "hands in the page: accepted",
        "50 % sizes",
    ):
        assert moment in story, story
    assert "Traceback" not in err + (home / "logs/genesis.jsonl").read_text()

    moved = tmp_path / "elsewhere"
    shutil.move(home, moved)
    again = verified(moved, "1")  # the demo ran under another hash seed
    assert (again["verified"], again["decision_digest"]) == (True, told["decision_digest"])
    assert again["events"] == told["events"]


def test_ctrl_c_ends_it_cleanly_and_the_sample_is_called_synthetic(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = genesis("demo", "--headless", "--home", str(home))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not (home / "service.json").exists():
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    code, lines, err = ended(process)
    assert code == 0, err
    assert any("synthetic" in line for line in lines)
    assert json.loads(lines[-1])["log_verified"] is True
