"""`[edits]` of the rules files: how the rules themselves may be changed."""

from genesis.domain.time import DAY
from genesis.engine.rulebook import EditRules
from genesis.rules.fields import Fraction, Positive, Table
from genesis.rules.tighter import Higher, Locked, Lower


class Names(Table):
    """What a new name of the rules does."""

    follow: Locked[bool]


class Doubt(Table):
    """What a change does that may loosen whichever way it goes."""

    waits: Locked[bool]


class Edits(Table):
    wait_days: Higher[Positive]
    losing_day_fraction: Lower[Fraction]
    names: Locked[Names | None] = None  # in runs recorded before, a name was taken at once
    doubt: Locked[Doubt | None] = None  # ... and some such changes counted as stricter

    def freeze(self) -> EditRules:
        return EditRules(
            wait_ns=int(self.wait_days * DAY),
            losing_day_fraction=self.losing_day_fraction,
            names_follow=self.names is not None and self.names.follow,
            doubt_waits=self.doubt is not None and self.doubt.waits,
        )
