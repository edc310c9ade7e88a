"""All that the engine knows. Owned by one engine; everything else sees it through the view."""

from genesis.engine.rulebook import Rules
from genesis.execution.execution import Execution
from genesis.market.market import Market
from genesis.positions.ledger import Ledger
from genesis.risk.correlation import Pairs
from genesis.risk.desk import RiskDesk
from genesis.risk.limits import TierLimits
from genesis.risk.rulebooks import RulebookDesk
from genesis.tiers.desk import TierDesk
from genesis.tilt.desk import TiltDesk


class EngineState:
    """The parts of the engine in the order of the flow."""

    def __init__(self, rules: Rules, widths: tuple[int, ...]) -> None:
        self.rules = rules
        self.now_ns = 0
        self.run = 0
        self.orders_born = 0
        self.market = Market(widths, rules.market)
        self.pairs = Pairs(self.market)
        self.ledger = Ledger()
        self.risk = RiskDesk(rules.risk)
        self.books = RulebookDesk(rules.books)
        self.tilt = TiltDesk(rules.tilt)
        self.tiers = TierDesk(rules.tiers)
        self.execution = Execution(rules.execution, lambda: self.now_ns)

    def set_rules(self, rules: Rules) -> None:
        """A new run begins under these rules; what happened before stays."""
        self.rules = rules
        self.market.set_rules(rules.market)
        self.risk.rules = rules.risk
        self.books.set_books(rules.books)
        self.tilt.set_rules(rules.tilt)
        self.tiers.set_rules(rules.tiers)
        self.execution.set_rules(rules.execution)

    @property
    def limits(self) -> TierLimits:
        """Limits of the tier the account is in."""
        return self.rules.risk.tiers[self.tiers.state.tier]
