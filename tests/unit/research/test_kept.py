"""A result in one file: opened elsewhere, it is made again and equal; else it is none."""

import json
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.errors import DataError, UsageError
from genesis.research import BacktestResult, Fees, Ticks, backtest, reopen
from genesis.strategy import Intent, View
from tests.parity.test_several_symbols import bars_of
from tests.support.markets import wandering_ticks, with_tops

PARAMS = {"fast": 3, "slow": 7}


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(4_000, agility=6)


def of(data: object, **asked: object) -> BacktestResult:
    return backtest("sma_cross", data, params=PARAMS, rules="research", cash=5_000, **asked)


@pytest.fixture(scope="module")
def cases(ticks: Ticks) -> dict[str, BacktestResult]:
    other = wandering_ticks(4_000, 9, agility=6, symbol="ETH/USDT", price=3_000)
    fees = Fees("7.5", 12, "received")
    return {
        "plain": of(ticks),
        "sized": of(ticks, qty=Decimal("0.01"), stop_fraction=0.004, latency=(5, 30, 5), seed="x"),
        "booked": of(with_tops(ticks), fill="book", queue="optimistic", fees=fees),
        "several": of([ticks, other], fill="bar_close"),
        "bars": of(bars_of(ticks), fill="next_open"),
    }


@pytest.mark.parametrize("name", ["plain", "sized", "booked", "several", "bars"])
def test_what_was_kept_is_made_again(cases, name: str, tmp_path: Path) -> None:
    result = cases[name]
    assert len(result.trades) >= 2
    again = reopen(result.save(tmp_path / "run.zip"))
    assert again.decision_digest == result.decision_digest
    assert repr(again) == repr(result)
    assert again.trades.equals(result.trades)
    first = (tmp_path / "run.zip").read_bytes()
    assert again.save(tmp_path / "again.zip").read_bytes() == first


def test_the_file_can_be_read_without_us(cases, tmp_path: Path) -> None:
    notebook = tmp_path / "n.ipynb"
    notebook.write_text("{}")
    path = cases["sized"].save(tmp_path / "run.zip", notebook)
    with zipfile.ZipFile(path) as kept:
        told = json.loads(kept.read("run.json"))
        trades = kept.read("trades.csv").decode().splitlines()
        assert kept.read("notebook.ipynb") == b"{}"
        assert "default_stop_fraction = 0.004" in kept.read("rules.toml").decode()
    assert told["strategies"] == [
        {"name": "sma_cross", "params": {"bar": "1m", "fast": 3, "slow": 7}, "qty": "0.01"}
    ]
    assert len(trades) == 1 + len(cases["sized"].trades)


def change(path: Path, name: str, old: str, new: str) -> None:
    with zipfile.ZipFile(path) as kept:
        parts = {each: kept.read(each) for each in kept.namelist()}
    assert old.encode() in parts[name]
    parts[name] = parts[name].replace(old.encode(), new.encode(), 1)
    with zipfile.ZipFile(path, "w") as kept:
        for each, body in parts.items():
            kept.writestr(each, body)


def test_a_run_that_decides_differently_is_not_the_result(cases, tmp_path: Path) -> None:
    path = cases["plain"].save(tmp_path / "run.zip")
    change(path, "run.json", '"fast": 3', '"fast": 2')
    with pytest.raises(DataError, match=r"decides differently here, with the same code: decision"):
        reopen(path)


def test_other_code_is_named(cases, tmp_path: Path) -> None:
    path = cases["plain"].save(tmp_path / "run.zip")
    change(path, "run.json", '"slow": 7', '"slow": 9')
    change(path, "run.json", '"code_sha256": "', '"code_sha256": "0')
    with pytest.raises(DataError, match="with other code than Genesis"):
        reopen(path)


@pytest.mark.parametrize(("body", "said"), [(None, "no such file"), (b"PK", "holds no result")])
def test_a_file_that_is_none_is_one_clear_error(tmp_path: Path, body, said: str) -> None:
    path = tmp_path / "run.zip"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(DataError, match=said):
        reopen(path)


def test_another_format_is_refused(cases, tmp_path: Path) -> None:
    path = cases["plain"].save(tmp_path / "run.zip")
    change(path, "run.json", '"format": 1', '"format": 2')
    with pytest.raises(DataError, match="is of format 2: this version reads 1"):
        reopen(path)


class Own:
    """Nobody else knows it."""

    name, tier, bar, wants = "own", Tier.SNIPER, "1m", frozenset({BarClosed})

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        return ()


def test_a_strategy_that_has_no_name_elsewhere_is_not_kept(ticks: Ticks, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="own is an object that no other machine knows"):
        backtest(Own(), ticks).save(tmp_path / "run.zip")
    assert not (tmp_path / "run.zip").exists()


def test_a_full_place_is_one_clear_error(cases, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        cases["plain"].save(tmp_path / "taken" / "run.zip")
