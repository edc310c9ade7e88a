"""A result in one file: the market it saw, what was asked, the rules, and what was decided.

Opened on any machine, the run is made again and every decision compared; only then it is the result
that was kept. The file is a zip that can be read without Genesis:

    run.json         what was asked, versions, hash of the code, decision digest
    rules.toml       the rules, whole
    market-0.npz     columns of the first symbol (int64, exact), market-1.npz and so on
    tops-0.npz       its book tops, where they were recorded
    decisions.jsonl  every outcome and command, in order
    trades.csv       the closed trades
    notebook.ipynb   where one was given
"""

import json
import platform
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

import genesis
from genesis.domain.canonical import canonical
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.errors import DataError, UsageError
from genesis.research.measured import Measured
from genesis.research.strategies import FixedQty, catalog
from genesis.sim.columns import BarColumns, TickColumns, TopColumns
from genesis.store.ticks.durable import naming_disk_faults, whole_file
from genesis.strategy import Strategy

FORMAT: Final = 1
_SCALARS: Final = ("instrument", "price_step", "qty_step", "width_ns")
_DATED: Final = (1980, 1, 1, 0, 0, 0)
"""The same result is the same bytes, whenever it is kept."""


def save(result: Measured, path: Path, notebook: Path | None = None) -> Path:
    """Write the file; whole or not at all. See `BacktestResult.save`."""
    parts = _parts(result)
    if notebook is not None:
        try:
            parts["notebook.ipynb"] = notebook.read_bytes()
        except OSError as error:
            raise DataError(f"notebook {notebook} cannot be read: {error.strerror}") from error
    with naming_disk_faults(path), whole_file(path) as file, zipfile.ZipFile(file, "w") as kept:
        for name, body in parts.items():
            kept.writestr(zipfile.ZipInfo(name, _DATED), body, zipfile.ZIP_DEFLATED)
    return path


def _parts(result: Measured) -> dict[str, bytes]:
    from genesis.service.code_manifest import code_sha256

    setup = result.setup
    told = {
        "format": FORMAT,
        "strategies": [_named(trader) for trader in setup.traders],
        "symbols": [_grid(one) for one in setup.instruments],
        "kinds": [_kind(market) for market in result.markets],
        "rules": setup.rules,
        "fill": setup.fill,
        "queue": setup.queue,
        "cash": text(setup.cash),
        "seed": setup.seed,
        "fees": {**_amounts(asdict(setup.fees)), "asset": setup.fees.asset},
        "latency_ns": asdict(setup.latency),
        "coverage": str(result.coverage),
        "decision_digest": result.decision_digest,
        "code_sha256": code_sha256(setup.traders),
        "versions": {"genesis": genesis.__version__, "python": platform.python_version()},
    }
    parts = {
        "run.json": json.dumps(told, indent=1, sort_keys=True).encode(),
        "rules.toml": setup.rules_text.encode(),
        "decisions.jsonl": "".join(f"{line}\n" for line in decisions(result)).encode(),
        "trades.csv": result.trades.to_csv(index=False).encode(),
    }
    for number, market in enumerate(result.markets):
        parts[f"market-{number}.npz"] = _arrays(market)
        tops = result.tops[number]
        if tops is not None:
            parts[f"tops-{number}.npz"] = _arrays(tops)
    return parts


def _named(trader: Strategy) -> dict[str, Any]:
    """A strategy by its name in the catalog, and its parameters as text."""
    inner = trader.inner if isinstance(trader, FixedQty) else trader
    qty = text(trader.qty) if isinstance(trader, FixedQty) else None
    params, known = getattr(inner, "params", None), catalog()
    is_known = inner.name in known.names and type(known.build(inner.name)) is type(inner)
    if not is_known or not is_dataclass(params):
        raise UsageError(
            f"strategy {inner.name} is an object that no other machine knows: offer it as an "
            "entry point of `genesis.strategies`, with its parameters in a dataclass"
        )
    values = {field.name: getattr(params, field.name) for field in fields(params)}
    return {"name": inner.name, "params": _amounts(values), "qty": qty}


def _amounts(values: dict[str, Any]) -> dict[str, Any]:
    return {k: text(v) if isinstance(v, Decimal) else v for k, v in values.items()}


def _grid(instrument: Instrument) -> dict[str, Any]:
    return _amounts(asdict(instrument))


def _kind(market: TickColumns | BarColumns) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": "bars" if isinstance(market, BarColumns) else "ticks"}
    told |= {"price_step": text(market.price_step), "qty_step": text(market.qty_step)}
    if isinstance(market, BarColumns):
        told["width_ns"] = market.width_ns
    return told


def _arrays(market: TickColumns | BarColumns | TopColumns) -> bytes:
    columns = {
        field.name: getattr(market, field.name)
        for field in fields(market)
        if field.name not in _SCALARS and not field.name.startswith("_")
    }
    body = BytesIO()
    np.savez(body, **{name: value for name, value in columns.items() if value is not None})
    return body.getvalue()


def decisions(result: Measured) -> Iterator[str]:
    """Every outcome and command as the text that the decision digest counts, in order."""
    for step in result.steps:
        for record in (*step.outcomes, *step.commands):
            yield f"{type(record).__name__} {canonical(record, with_run=False)}"
