"""A made-up market that rises and falls as the tide does, so that a stop near it is surely hit."""

import random
from decimal import Decimal
from pathlib import Path

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import SECOND, parse_utc
from genesis.wire.streams import combined, stream_name, write

SYMBOL = "BTC/USDT"
START_NS = parse_utc("2024-03-05T10:00:00Z")
DATE = "2024-03-05"
CENTRE = Decimal(60_000)
PERIOD_S = 60
SWAY = 40
_A_SECOND = 10
_NOISE = 150


def phase(ts_ns: int) -> float:
    """0: at the centre and rising; 1/4: the crest; 1/2: at the centre and falling."""
    return (ts_ns - START_NS) / SECOND / PERIOD_S % 1


def tide(ts_ns: int) -> float:
    """How far from the centre the price is, in USDT, but for the noise."""
    at = phase(ts_ns)
    return SWAY * (4 * at if at < 0.25 else 2 - 4 * at if at < 0.75 else 4 * at - 4)


def write_market(path: Path, seconds: int) -> Path:
    """A capture of ten tops and trades a second."""
    dice = random.Random(7)
    with path.open("w") as file:
        for n in range(seconds * _A_SECOND):
            ts_ns = START_NS + n * SECOND // _A_SECOND
            cents = round(tide(ts_ns) * 100) + dice.randint(-_NOISE, _NOISE)
            bid = CENTRE + Decimal(cents).scaleb(-2)
            ask, by_maker = bid + Decimal("0.01"), dice.random() < 0.5
            sizes = [Decimal(dice.randint(50_000, 300_000)).scaleb(-5) for _ in range(2)]
            qty = Decimal(dice.randint(1, 20_000)).scaleb(-5)
            price = bid if by_maker else ask
            for event in (
                TradeTick(ts_ns, SYMBOL, n + 1, price, qty, by_maker),
                BookTop(ts_ns, SYMBOL, n + 1, bid, sizes[0], ask, sizes[1]),
            ):
                file.write(f"{ts_ns} {combined(stream_name(event), write(event))}\n")
    return path
