"""What makes sizes smaller, each with its name: the smallest holds, and can be told.

Multipliers are combined by minimum, never by product: the strictest rule is obeyed, and rules that
see the same trouble do not punish it twice.
"""

from collections.abc import Iterable
from decimal import Decimal
from operator import attrgetter
from typing import Final, NamedTuple

from genesis.domain.money import ONE


class Multiplier(NamedTuple):
    """A share of the full size, in [0, 1]: a stable code, and words that go before "sizes are"."""

    share: Decimal
    code: str
    reason: str

    def told(self) -> str:
        """The whole sentence: `after 3 losses in a row sizes are 50 %`."""
        return f"{self.reason} sizes are {percent(self.share)}"


_SHARE: Final = attrgetter("share")
WHOLE: Final = Multiplier(ONE, "", "")
"""Nothing makes sizes smaller."""


def smallest(multipliers: Iterable[Multiplier]) -> Multiplier:
    """The one that holds: the smallest, the first named of equal ones; never above the whole."""
    return min((WHOLE, *multipliers), key=_SHARE)


def percent(share: Decimal) -> str:
    """`50 %`, `2.5 %`."""
    return f"{(share * 100).normalize():f} %"
