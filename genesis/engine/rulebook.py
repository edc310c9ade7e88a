"""The rules one engine runs under. Loaded and validated by `genesis.rules`; frozen here."""

from dataclasses import dataclass

from genesis.execution.rules import ExecutionRules
from genesis.risk.limits import RiskRules
from genesis.tiers.rules import TierTable
from genesis.tilt.rules import TiltRules


@dataclass(frozen=True, slots=True)
class Rules:
    """A rulebook.

    text: the whole of it as canonical TOML, stored in RunStarted; `genesis.rules.parse` makes the
    same Rules from it. sha256: hex digest of the text's UTF-8.
    """

    name: str
    text: str
    sha256: str
    risk: RiskRules
    tilt: TiltRules
    tiers: TierTable
    execution: ExecutionRules
