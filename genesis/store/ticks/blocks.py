"""A block: some rows of one kind and symbol as numpy columns, exact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genesis.errors import DataError
from genesis.store.ticks.kinds import ABSENT, DEPTH, RECEIPT, Kind

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Column = npt.NDArray[Any]

INT64_MAX: Final = 2**63 - 1
MAX_SCALE: Final = 18


class TooWide(DataError):
    """An amount on `line` does not fit 64 bits beside the finest one of its day."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one kind and symbol.

    columns: every column of the kind, each (n,) int64 or bool. Price columns count
        10**-price_scale, quantity columns 10**-qty_scale.
    lines: (n,) int64, the line of each row in its source, from 1; 0 where there is none.
    """

    kind: Kind
    symbol: str
    columns: Mapping[str, Column]
    price_scale: int
    qty_scale: int
    lines: Ints

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def keys(self) -> Ints:
        """What tells rows (of depth: messages) apart."""
        told: Ints = self.columns[self.kind.key]
        return told * 2 + self.columns["is_snapshot"] if self.kind is DEPTH else told

    def take(self, rows: Any) -> "Block":
        """The rows that a mask, slice or index array names."""
        chosen = {name: column[rows] for name, column in self.columns.items()}
        return Block(
            self.kind, self.symbol, chosen, self.price_scale, self.qty_scale, self.lines[rows]
        )

    def at_scale(self, price_scale: int, qty_scale: int) -> "Block":
        """The same rows counted in finer (never coarser) units.

        Raises:
            TooWide: an amount would not fit 64 bits.
        """
        if (price_scale, qty_scale) == (self.price_scale, self.qty_scale):
            return self
        columns = dict(self.columns)
        for names, factor in (
            (self.kind.prices, 10 ** (price_scale - self.price_scale)),
            (self.kind.qtys, 10 ** (qty_scale - self.qty_scale)),
        ):
            for name in names:
                columns[name] = self._finer(name, factor)
        return Block(self.kind, self.symbol, columns, price_scale, qty_scale, self.lines)

    def _finer(self, name: str, factor: int) -> Ints:
        column: Ints = self.columns[name]
        if factor == 1 or not len(column):
            return column
        largest = int(np.argmax(column))
        if int(column[largest]) > INT64_MAX // factor:
            reason = f"{name} does not fit 64 bits beside the finest {name} of its day"
            raise TooWide(int(self.lines[largest]), reason)
        return column * factor

    def tightened(self) -> "Block":
        """The same rows counted in the coarsest units that keep them exact."""
        columns = dict(self.columns)
        scales = []
        for names, scale in (
            (self.kind.prices, self.price_scale),
            (self.kind.qtys, self.qty_scale),
        ):
            spare = min((_spare_zeros(columns[name], scale) for name in names), default=0)
            if spare:
                columns |= {name: columns[name] // 10**spare for name in names}
            scales.append(scale - spare)
        return Block(self.kind, self.symbol, columns, scales[0], scales[1], self.lines)

    def table(self) -> pa.Table:
        """As Arrow table of the kind's schema, absent receipts as nulls."""
        arrays = [_array(name, self.columns[name]) for name in self.kind.columns]
        return pa.Table.from_arrays(arrays, schema=self.kind.schema)


def from_table(
    kind: Kind, symbol: str, table: pa.Table, scales: tuple[int, int], lines: Ints | None = None
) -> Block:
    """A block of a table with (some of) the kind's columns."""
    columns = {name: _column(table.column(name)) for name in table.column_names if name != "line"}
    if lines is None:
        lines = np.zeros(table.num_rows, np.int64)
    return Block(kind, symbol, columns, scales[0], scales[1], lines)


def concat(blocks: Sequence[Block]) -> Block:
    """All rows in order, at the finest scale among them. At least one block is needed."""
    price_scale = max(block.price_scale for block in blocks)
    qty_scale = max(block.qty_scale for block in blocks)
    scaled = [block.at_scale(price_scale, qty_scale) for block in blocks]
    if len(scaled) == 1:
        return scaled[0]
    columns = {
        name: np.concatenate([block.columns[name] for block in scaled])
        for name in scaled[0].columns
    }
    lines = np.concatenate([block.lines for block in scaled])
    return Block(scaled[0].kind, scaled[0].symbol, columns, price_scale, qty_scale, lines)


def scaled_ints(amounts: Iterable[Decimal], guess: int = 8) -> tuple[Ints, int]:
    """Exact integers for amounts, and the scale they count in (`guess` if that is enough).

    Raises:
        ValueError: an amount has more than 18 decimals, or they do not fit 64 bits together.
    """
    amounts = list(amounts)
    factor = Decimal(10) ** guess
    products = [amount * factor for amount in amounts]
    ints = [int(product) for product in products]
    if ints != products:
        if guess >= MAX_SCALE:
            raise ValueError(f"an amount has more than {MAX_SCALE} decimals")
        return scaled_ints(amounts, MAX_SCALE)
    spare = 0
    if max(ints, default=0) > INT64_MAX:
        spare = min(guess, *(_zeros(number) for number in ints))
        ints = [number // 10**spare for number in ints]
    if max(ints, default=0) > INT64_MAX:
        raise ValueError("an amount does not fit 64 bits")
    return np.array(ints, np.int64), guess - spare


def exact_ints(amounts: Iterable[Decimal], what: str) -> tuple[Ints, int]:
    """As `scaled_ints`; raises DataError that starts with `what`."""
    try:
        return scaled_ints(amounts)
    except ValueError as error:
        raise DataError(f"{what}: {error}") from None


def decimals(amount: Decimal) -> int:
    """How many decimals an amount needs."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _zeros(number: int) -> int:
    text = str(number)
    return len(text) - len(text.rstrip("0")) if number else MAX_SCALE


def _spare_zeros(column: Ints, scale: int) -> int:
    """How many trailing decimal zeros all of `column` share, at most `scale`."""
    if not len(column):
        return scale
    spare = min(_zeros(int(column[0])), _zeros(int(column[-1])), scale)
    while spare and np.any(column % 10**spare):
        spare -= 1
    return spare


def _array(name: str, column: Column) -> pa.Array:
    if name in RECEIPT:
        return pa.array(column, mask=column == ABSENT)
    return pa.array(column)


def _column(column: pa.ChunkedArray) -> Column:
    filled = column.fill_null(ABSENT) if column.null_count else column
    numbers: Column = filled.to_numpy()
    return numbers
