"""The tick store as SQL views: `trades`, `agg_trades`, `books`, `depth`, `bars_1m`, `bars_1h`.

`bars` is what bars_1m and bars_1h hold of days whose recorded trades are gone.

Amounts come twice: as DOUBLE under their plain name (the double nearest to the exact value, for
statistics), and exact as `<name>_int` with `price_scale` or `qty_scale`: value =
int / 10**scale. Times are BIGINT UTC nanoseconds; DuckDB's own timestamps would round them.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from genesis.domain.time import HOUR, MINUTE
from genesis.errors import DataError
from genesis.store.ticks.kinds import BARS, KINDS, RECEIPT, Kind
from genesis.store.ticks.manifest import Manifest, Partition, Place

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_GLOB: Final = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]", "'": "''"})


def connect(root: Path, manifest: Manifest) -> Any:
    """An in-memory DuckDB connection with the views over the files of `manifest`."""
    connection = duckdb.connect(config=_SETTINGS)
    for kind in KINDS.values():
        view = _view(root, kind, manifest.of(kind.name))
        connection.execute(f"CREATE VIEW {kind.name} AS {view}")
    has_kept = bool(manifest.of(BARS.name))
    for name, width_ns in (("bars_1m", MINUTE), ("bars_1h", HOUR)):
        connection.execute(f"CREATE VIEW {name} AS {bars_query(width_ns, has_kept=has_kept)}")
    return connection


@contextmanager
def naming_damage() -> Iterator[None]:
    """Around making or reading a relation: damaged files become one clear line.

    A wrong query stays what it is.

    Raises:
        DataError: a file of the store cannot be read.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        if ".parquet" not in str(error):
            raise
        reason = str(error).splitlines()[0]
        raise DataError(f"the tick store is damaged: {reason}: restore it from a backup") from error


def bars_query(width_ns: int, *, has_kept: bool = False) -> str:
    """SQL for bars of trades, each stamped with the ns at which it opens.

    Widths must divide a day. Volume is summed exactly and then shown as DOUBLE. A span without a
    trade has no bar; the last bar may be unfinished.

    has_kept: the store holds bars whose trades are gone; they count where the width is a whole
        number of minutes, and where no trade is held of their minute.
    """
    if has_kept and width_ns % MINUTE == 0:
        return _bars_with_kept(width_ns)
    return _bars_of_trades(width_ns)


def _bars_with_kept(width_ns: int) -> str:
    return f"""
        WITH made AS ({_bars_of_trades(MINUTE)}),
        minutes AS (
            SELECT * FROM made UNION ALL
            SELECT symbol, ts_ns AS open_ts_ns, open, high, low, close, volume, trades,
                   first_trade_id, last_trade_id
            FROM bars AS kept WHERE NOT EXISTS (
                SELECT 1 FROM made
                WHERE made.symbol = kept.symbol AND made.open_ts_ns = kept.ts_ns))
        SELECT symbol, opens AS open_ts_ns, arg_min(open, first_trade_id) AS open,
               max(high) AS high, min(low) AS low, arg_max(close, last_trade_id) AS close,
               sum(volume) AS volume, sum(trades)::BIGINT AS trades,
               min(first_trade_id) AS first_trade_id, max(last_trade_id) AS last_trade_id
        FROM (SELECT *, open_ts_ns // {width_ns} * {width_ns} AS opens FROM minutes)
        GROUP BY symbol, opens"""


def _bars_of_trades(width_ns: int) -> str:
    return f"""
        SELECT symbol, ts_ns // {width_ns} * {width_ns} AS open_ts_ns,
               arg_min(price, trade_id) AS open, max(price) AS high, min(price) AS low,
               arg_max(price, trade_id) AS close,
               (sum(qty_int) / pow(10, any_value(qty_scale)))::DOUBLE AS volume,
               count(*) AS trades, min(trade_id) AS first_trade_id, max(trade_id) AS last_trade_id
        FROM trades GROUP BY symbol, open_ts_ns"""


def _view(root: Path, kind: Kind, partitions: Mapping[Place, Partition]) -> str:
    """All partitions of one kind; those that share their scales are read together."""
    groups: dict[tuple[int, int], list[str]] = {}
    for partition in partitions.values():
        scales = (partition.price_scale, partition.qty_scale)
        groups.setdefault(scales, []).extend(entry.name for entry in partition.files)
    if not groups:
        return _empty(kind)
    return " UNION ALL ".join(
        f"SELECT {_columns(kind, *scales)} FROM {_files(root, names)}"
        for scales, names in groups.items()
    )


def _files(root: Path, names: Iterable[str]) -> str:
    paths = ", ".join(f"'{str(root / name).translate(_GLOB)}'" for name in names)
    return (
        f"read_parquet([{paths}], hive_partitioning = true,"
        " hive_types = {'symbol': VARCHAR, 'date': DATE})"
    )


def _columns(kind: Kind, price_scale: int, qty_scale: int) -> str:
    plain = [kind.key, *kind.others, *kind.flags, *RECEIPT]
    amounts = [
        f"{name} / 1e{scale} AS {name}, {name} AS {name}_int"
        for names, scale in ((kind.prices, price_scale), (kind.qtys, qty_scale))
        for name in names
    ]
    scales = [f"{price_scale} AS price_scale", f"{qty_scale} AS qty_scale"]
    return ", ".join(["symbol", "date", *plain, *amounts, *scales])


def _empty(kind: Kind) -> str:
    types = {name: "BOOLEAN" if name in kind.flags else "BIGINT" for name in kind.columns}
    nulls = ", ".join(f"NULL::{type_} AS {name}" for name, type_ in types.items())
    typed = f"(SELECT NULL::VARCHAR AS symbol, NULL::DATE AS date, {nulls})"
    return f"SELECT {_columns(kind, 0, 0)} FROM {typed} WHERE false"
