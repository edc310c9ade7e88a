"""Rulebooks in the manner of proprietary trading firms: an account judged by somebody's rules.

`Book` says the rules, `Tracker` follows them mark by mark, `evaluate` judges a whole path, and
`RulebookDesk` lays books over the tier's own limits: they only ever make them tighter.
"""

from genesis.risk.rulebooks.book import Book
from genesis.risk.rulebooks.desk import RulebookDesk
from genesis.risk.rulebooks.standing import Done, Point, Standing, Status
from genesis.risk.rulebooks.tracker import Tracker, evaluate

__all__ = ["Book", "Done", "Point", "RulebookDesk", "Standing", "Status", "Tracker", "evaluate"]
