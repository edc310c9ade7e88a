"""Rules of a real service: an edited file is split at the start, and proposals go to the engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.time import moment_words, parse_utc
from tests.support.process import Control, Process

MINE = 'name = "mine"\n[risk.tiers.SNIPER]\n'


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "4")
    with Process(tmp_path, *arguments, "--balance", "USDT=500") as it:
        yield it


def run(exchange: Process, home: Path, rules: Path) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    url = exchange.ready["url"]
    return Process(home.parent, *arguments, "--venue-url", url, "--rules", str(rules))


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main(list(arguments))
    return json.loads(capsys.readouterr().out)


def test_an_edited_file_holds_where_it_is_stricter_and_waits_where_it_is_looser(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, file = tmp_path / "home", tmp_path / "mine.toml"
    file.write_text(f"{MINE}position_fraction = 0.05\n")
    with run(exchange, home, file) as first:
        assert "rule " not in first.told()
        assert first.end() == 0
    file.write_text(f"{MINE}position_fraction = 0.04\nexposure_fraction = 0.5\n")
    with run(exchange, home, file) as second:
        told = second.told()
        assert "rule risk.tiers.SNIPER.position_fraction 0.05 -> 0.04 holds now" in told
        assert "rule risk.tiers.SNIPER.exposure_fraction 0.05 -> 0.5 is looser" in told
        control = Control(second.ready["url"], home)
        assert float(control.get("/headroom")["position_cap"]) == 20
        pending = control.get("/rules")
        assert [edit["field"] for edit in pending["pending"]] == [
            "risk.tiers.SNIPER.exposure_fraction"
        ]
        assert second.end() == 0
    with run(exchange, home, file) as third:  # the same file again: the wait goes on
        assert "if all stays calm: risk.tiers.SNIPER.exposure_fraction" in third.told()
        control = Control(third.ready["url"], home)
        assert control.get("/rules") == pending
        assert main(["status", "--home", str(home)]) == 0
        until = moment_words(parse_utc(pending["pending_until"]))
        line = f"risk.tiers.SNIPER.exposure_fraction 0.05 -> 0.5, from {until}"
        assert line in capsys.readouterr().out
        # a proposal takes the place of what waits; the settings do not undo it later
        file.write_text(f"{MINE}position_fraction = 0.03\n")
        answer = asked(capsys, "rules", "propose", str(file), "--home", str(home), "--json")
        assert [edit["new"] for edit in answer["now"]] == ["0.03"]
        assert answer["later"] == []
        shown = asked(capsys, "rules", "show", "--home", str(home), "--json")
        assert shown["pending"] is None and "position_fraction = 0.03" in shown["text"]
        assert third.end() == 0
    file.write_text(f"{MINE}position_fraction = 0.04\nexposure_fraction = 0.5\n")
    with run(exchange, home, file) as fourth:
        assert "the rules in force are not those of 'mine'" in fourth.told()
        assert Control(fourth.ready["url"], home).get("/rules")["pending"] == []
        assert fourth.end() == 0
    assert main(["verify", "--home", str(home)]) == 0
