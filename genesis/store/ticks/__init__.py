"""The tick store: Parquet partitions of trades and books, and one manifest that names them.

    file -> blocks (exact int64 columns) -> staging (by UTC day) -> merge -> Parquet -> manifest
    recorder -> blocks -> spool (durable at once) -> sealed as above -> compacted

Amounts are int64 with a power-of-ten scale per partition; times are int64 UTC nanoseconds.
`tick_store.TickStore` is the door; nothing below it needs to be imported from elsewhere.
"""

from genesis.store.ticks.blocks import Block
from genesis.store.ticks.importer import ImportReport
from genesis.store.ticks.quality import Quality
from genesis.store.ticks.read import TickArrays, TopArrays
from genesis.store.ticks.records import GapRecord
from genesis.store.ticks.tick_store import Holding, TickStore, check_file
from genesis.store.ticks.views import naming_damage

__all__ = [
    "Block",
    "GapRecord",
    "Holding",
    "ImportReport",
    "Quality",
    "TickArrays",
    "TickStore",
    "TopArrays",
    "check_file",
    "naming_damage",
]
