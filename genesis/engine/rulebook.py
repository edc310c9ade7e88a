"""The rules one engine runs under. Loaded and validated by `genesis.rules`; frozen here."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.edits import RuleEdit
from genesis.execution.rules import ExecutionRules
from genesis.market.rules import MarketRules
from genesis.risk.limits import RiskRules
from genesis.risk.rulebooks import Book
from genesis.tiers.rules import TierTable
from genesis.tilt.rules import TiltRules


@dataclass(frozen=True, slots=True)
class EditRules:
    """How the rules may be changed: a loosening waits, and a day that lost more than this fraction
    of its starting equity ends the wait. names_follow: a new name holds no sooner than what it
    names. doubt_waits: what may loosen whichever way it goes waits both ways.
    """

    wait_ns: int
    losing_day_fraction: Decimal
    names_follow: bool = False
    doubt_waits: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """A rulebook.

    text: the whole of it as canonical TOML, stored in RunStarted; `genesis.rules.parse` makes the
    same Rules from it. sha256: hex digest of the text's UTF-8. market: None where markets have no
    states (permissive rulebooks, and rules from before there were any).
    """

    name: str
    text: str
    sha256: str
    risk: RiskRules
    tilt: TiltRules
    tiers: TierTable
    execution: ExecutionRules
    market: MarketRules | None = None
    edits: EditRules | None = None
    books: tuple[Book, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """What of wanted rules holds at once, what only later, and what never, each with its reason.

    held: the rules with `now` in them; due: with `later` in them, too.
    """

    now: tuple[RuleEdit, ...]
    later: tuple[RuleEdit, ...]
    never: tuple[RuleEdit, ...]
    held: Rules
    due: Rules


Editor = Callable[[Rules, str], Split]
"""Splits the difference between the rules in force and a wanted text: `genesis.rules.edits`."""
