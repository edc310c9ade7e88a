"""`[edits]` of the rules files: how the rules themselves may be changed."""

from genesis.domain.time import DAY
from genesis.engine.rulebook import EditRules
from genesis.rules.fields import Fraction, Positive, Table
from genesis.rules.tighter import Higher, Lower


class Edits(Table):
    wait_days: Higher[Positive]
    losing_day_fraction: Lower[Fraction]

    def freeze(self) -> EditRules:
        return EditRules(
            wait_ns=int(self.wait_days * DAY),
            losing_day_fraction=self.losing_day_fraction,
        )
