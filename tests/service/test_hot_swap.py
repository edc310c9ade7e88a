"""A running service takes a plug-in's new version over: no restart, no order or stop lost."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from tests.support.process import Control, Process, environment

CODE = """
from dataclasses import dataclass

from genesis.strategy.sma_cross import SmaCross, SmaCrossParams


@dataclass(frozen=True, slots=True)
class MineParams(SmaCrossParams):
    {more}


class Mine(SmaCross):
    name = "swapped_in_for_tests"
    Params = MineParams
"""
NAME = "swapped_in_for_tests"
WORKING = ("PENDING", "OPEN", "PARTIAL")


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a plug-in that is installed for this process and the service."""
    place = tmp_path / "site"
    about = place / "plugged-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[genesis.strategies]\n{NAME} = plugged:Mine\n")
    file = place / "plugged.py"
    file.write_text(CODE.format(more="pass"))
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delitem(sys.modules, "plugged", raising=False)
    yield file
    sys.modules.pop("plugged", None)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["strategy", *arguments, "--json"])
    told = capsys.readouterr().out
    return code, json.loads(told) if told else None


def test_a_new_version_takes_over_with_orders_and_stops_as_they_are(
    plugged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    there = ("--home", str(home))
    paths = f"{plugged.parent}:{environment()['PYTHONPATH']}"
    own = {"PYTHONPATH": paths, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    settings = {**own, "GENESIS_STRATEGIES": f"sma_cross,{NAME}"}
    run = ("run", "--mode", "paper", "--json", "--port", "0", *there)
    with Process(tmp_path, *run, **settings) as service:
        control = Control(service.ready["url"], home)
        told = control.say("buy 20 usdt btc").json()
        assert told["verdict"] == "approved", told

        def stops(orders: list[dict[str, Any]]) -> list[tuple[str, str]]:
            working = [one for one in orders if one["status"] in WORKING]
            return [(one["order_key"], one["status"]) for one in working]

        held = control.until(
            "a stop rests", "/orders", lambda told: [one for one in stops(told) if one[1] == "OPEN"]
        )
        version = control.get("/version")["code_sha256"]

        plugged.write_text(CODE.format(more="patience: int = 7"))
        code, told = asked(
            capsys, "swap", NAME, "--param", "fast=2", "--param", "patience=9", *there
        )
        assert code == 0 and told["accepted"], told
        assert "(fast=2, patience=9) runs from here on; it begins" in told["told"]
        assert told["code_sha256"] != version
        assert service.process.poll() is None
        assert stops(control.get("/orders")) == stops(held)
        assert len(control.get("/positions")) == 1

        _, running = asked(capsys, "list", *there)
        assert [one["name"] for one in running] == ["sma_cross", NAME]
        assert running[1]["params"] == {"fast": "2", "slow": "30", "bar": "1m", "patience": "9"}
        assert asked(capsys, "swap", "donchian", *there)[0] == 2  # it does not run here
        assert asked(capsys, "swap", NAME, "--param", "fsat=2", *there)[0] == 2
        plugged.write_text("def (")
        assert asked(capsys, "swap", NAME, *there)[0] == 2
        assert asked(capsys, "list", *there)[1] == running
        assert service.end() == 0
    plugged.write_text(CODE.format(more="patience: int = 7"))
    assert main(["verify", *there]) == 0
