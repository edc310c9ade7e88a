"""`genesis run`, `status` and `close-all`: what a person is told."""

from pathlib import Path
from typing import Any

import pytest

from genesis.cli.limits import limits_lines
from genesis.cli.main import main
from genesis.cli.service import stop_words
from genesis.service.ending import ended_words


class Ended:
    """A service that is asked to end at once."""

    still_held = ("still held: 1 of BTC/USDT", "  its stop at 9 rests at the exchange")

    async def run(self) -> None:
        return


def test_the_end_of_a_run_tells_what_is_still_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis.service.bootstrap.build", lambda *_, **__: Ended())
    assert main(["run", "--mode", "paper", "--home", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-2:] == list(Ended.still_held)


def test_the_last_word_names_the_key_that_ended_the_run() -> None:
    told = [ended_words(reason) for reason in ("SIGINT", "SIGTERM", "stopped")]
    assert told == ["ended by Ctrl-C", "ended: SIGTERM", "ended: stopped"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"stop": "58800"}, "stop 58800"),
        ({"stop": "58800", "stop_refused": None}, "stop 58800"),
        ({"stop": "58800", "stop_refused": "PRICE_FILTER"}, "stop 58800 NOT PLACED: PRICE_FILTER"),
        ({}, "without a stop"),  # rules that place none
    ],
)
def test_a_stop_that_does_not_rest_is_not_told_as_one(told: dict[str, str], words: str) -> None:
    assert stop_words(told) == words


@pytest.mark.parametrize(
    ("venue", "named"),
    [("http://127.0.0.1:9100", ""), (None, "GENESIS_VENUE_URL=URL ")],
)
def test_close_all_without_a_service_names_the_way_without_one(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    venue: str | None,
    named: str,
) -> None:
    if venue is not None:
        monkeypatch.setenv("GENESIS_VENUE_URL", venue)
    home = tmp_path / "my home"
    assert main(["close-all", "--home", str(home)]) == 3
    err = capsys.readouterr().err
    assert "no service runs on" in err
    assert f"`{named}genesis close-all --direct --home '{home}'`" in err


def test_of_a_live_account_no_venue_has_to_be_named_to_close_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESIS_API_KEY", "key")
    assert main(["close-all", "--home", str(tmp_path)]) == 3
    assert "`genesis close-all --direct --home" in capsys.readouterr().err


CAREFUL = {
    "seconds": 60,
    "waiting": [{"symbol": "BTC/USDT", "until": "x", "when": "in 34 seconds (14:05:10 UTC)"}],
}


def limit(name: str, used: str, most: str, unit: str = "USDT") -> dict[str, Any]:
    share = float(used) / float(most)
    return {"name": name, "used": used, "limit": most, "unit": unit, "fraction": share}


def test_status_tells_the_limits_of_the_day() -> None:
    told = limits_lines(
        {
            "multiplier": "1",
            "multiplier_reason": None,
            "confirmation": None,
            "limits": [
                limit("daily_loss", "12.5", "75"),
                limit("trades_today", "3", "10", "count"),
                limit("entry_pace", "1", "40", "count"),
                limit("drawdown_halt", "5", "75"),
                limit("two_step_max_loss", "45", "50"),
            ],
        }
    )
    assert told == [
        "limit      loss today (demotion): 62.50 of 75.00 USDT left",
        "limit      entries today: 7 of 10 left",
        "limit      entries within seconds: 39 of 40 left",
        "limit      two step max loss: 5.00 of 50.00 USDT left",
    ]


def test_status_tells_why_sizes_are_smaller_and_how_an_entry_is_confirmed() -> None:
    reason = "while tilt is CAUTION sizes are 75 %"
    sizes, how, waits = limits_lines(
        {
            "multiplier": "0.75",
            "multiplier_reason": reason,
            "confirmation": CAREFUL,
            "limits": [],
        }
    )
    assert sizes == f"sizes      {reason} of usual"
    assert "asked for twice" in how and "60 seconds later" in how
    assert "BTC/USDT" in waits and "again in 34 seconds (14:05:10 UTC)" in waits
