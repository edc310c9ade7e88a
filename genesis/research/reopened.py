"""A result that was kept (`genesis.research.kept`), made again and compared."""

import json
import zipfile
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final, get_type_hints

import numpy as np

from genesis.domain.instrument import Instrument
from genesis.errors import DataError
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.kept import FORMAT, decisions
from genesis.research.result import BacktestResult
from genesis.research.setup import Fees
from genesis.research.ticks import Ticks
from genesis.rules import parse
from genesis.sim.columns import BarColumns, TickColumns, TopColumns
from genesis.sim.latency import AnyLatency, Latency, SampledLatency

_MARKETS: Final[dict[str, Any]] = {"ticks": TickColumns, "bars": BarColumns}


def reopen(path: str | Path) -> BacktestResult:
    """The result that was kept, made again and found equal.

    Raises:
        DataError: the file is absent, damaged, or the run decides differently here; the first
            decision that differs is named. UsageError: its strategy is not installed here.
    """
    try:
        with zipfile.ZipFile(path) as kept:
            told = json.loads(kept.read("run.json"))
            rules = kept.read("rules.toml").decode()
            decided = kept.read("decisions.jsonl").decode().splitlines()
            markets = [_market(kept, told, number) for number in range(len(told["symbols"]))]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file: check the name and the folder") from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} holds no result, or a damaged one ({error!r})") from error
    if told["format"] != FORMAT:
        raise DataError(f"{path} is of format {told['format']}: this version reads {FORMAT}")
    result = _run(told, rules, markets)
    if result.decision_digest != told["decision_digest"]:
        raise DataError(_differs(path, told, decided, result))
    return result


def _market(kept: zipfile.ZipFile, told: dict[str, Any], number: int) -> Ticks | Bars:
    instrument = _instrument(told["symbols"][number])
    kind = dict(told["kinds"][number])
    name = kind.pop("kind")
    given: dict[str, Any] = {k: Decimal(v) if isinstance(v, str) else v for k, v in kind.items()}
    columns = _MARKETS[name](instrument, **given, **_loaded(kept, f"market-{number}.npz"))
    if name == "bars":
        return Bars(columns, "kept")
    tops = None
    if f"tops-{number}.npz" in kept.namelist():
        tops = TopColumns(instrument, **given, **_loaded(kept, f"tops-{number}.npz"))
    return Ticks(columns, tops, "kept")


def _instrument(told: dict[str, Any]) -> Instrument:
    kinds = get_type_hints(Instrument)
    exact: dict[str, Any] = {
        name: Decimal(value) if kinds[name] is Decimal else value for name, value in told.items()
    }
    return Instrument(**exact)


def _loaded(kept: zipfile.ZipFile, name: str) -> dict[str, Any]:
    with np.load(BytesIO(kept.read(name)), allow_pickle=False) as arrays:
        return dict(arrays)


def _run(told: dict[str, Any], rules: str, markets: list[Ticks | Bars]) -> BacktestResult:
    strategies = told["strategies"]
    qty = strategies[0]["qty"]
    return backtest(
        [one["name"] for one in strategies],
        markets,
        params={one["name"]: one["params"] for one in strategies},
        rules=parse(rules),
        fill=told["fill"],
        queue=told["queue"],
        cash=told["cash"],
        qty=qty,
        fees=Fees(told["fees"]["maker_bps"], told["fees"]["taker_bps"], told["fees"]["asset"]),
        latency=_latency(told["latency_ns"]),
        seed=told["seed"],
    )


def _latency(parts: dict[str, Any]) -> AnyLatency:
    """Whole ns are constant; lists of them were sampled."""
    if any(isinstance(part, list) for part in parts.values()):
        return SampledLatency(**parts)
    return Latency(**parts)


def _differs(
    path: str | Path, told: dict[str, Any], decided: list[str], result: BacktestResult
) -> str:
    """Where the run leaves the one that was kept, and what is not as it was there."""
    from genesis.service.code_manifest import code_sha256

    again = list(decisions(result))
    row = next(
        (n for n, (one, other) in enumerate(zip(decided, again, strict=False)) if one != other),
        min(len(decided), len(again)),
    )
    there, here = ((rows[row] if row < len(rows) else "nothing more") for rows in (decided, again))
    same = told["code_sha256"] == code_sha256(result.setup.traders)
    code = "the same code" if same else f"other code than Genesis {told['versions']['genesis']} had"
    return (
        f"{path} decides differently here, with {code}: decision {row + 1} was {there[:200]} and "
        f"is {here[:200]}"
    )
