"""Acts of a trader, written short."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genesis.domain.time import parse_utc
from genesis.tilt import ActionKind, TiltDetector, TiltScore, UserAction

NOON_US = parse_utc("2024-08-08T12:00:00Z") // 1_000
BTC = "BTC/USDT"


def act(seconds: float, kind: str, **fields: Any) -> UserAction:
    """An act `seconds` after noon."""
    return UserAction(
        NOON_US + round(seconds * 1_000_000), kind, fields.pop("session", "s"), **fields
    )


def entry(seconds: float, size: Decimal | float = Decimal(4), **fields: Any) -> UserAction:
    """`buy 100 usdt btc` under a cap of 25 usdt."""
    given = {"symbol": BTC, "side": "BUY", "size_fraction": size, **fields}
    return act(seconds, ActionKind.ORDER_SUBMIT, **given)


def close(
    seconds: float, pnl_r: float = -1.0, reason: str = "stop_loss", **fields: Any
) -> UserAction:
    given = {"symbol": BTC, "pnl_r": pnl_r, "reason": reason, **fields}
    return act(seconds, ActionKind.POSITION_CLOSED, **given)


def cancel(seconds: float, **fields: Any) -> UserAction:
    return act(seconds, ActionKind.ORDER_CANCEL, **fields)


def hasty(seconds: float, size: Decimal | float = Decimal(4), **fields: Any) -> UserAction:
    """An entry without a look at the checklist, decided in less than a second."""
    return entry(seconds, size, **{"latency_ms": 700, "checklist_done": False, **fields})


def feed(detector: TiltDetector, acts: list[UserAction]) -> TiltScore:
    for one in acts:
        detector.update_metrics(one)
    return detector.score()


CHASE = [
    entry(5),
    close(40),
    *(one for i in range(3) for one in (entry(43 + 10 * i), close(50 + 10 * i))),
    hasty(73),
    close(80),
]
"""Four re-entries, each three seconds after a stop-out, the last in haste: WARNING at that one."""


_SUBJECTS = "I we my the market price plan fear chart broker bitcoin"
_VERBS = "felt saw lost wanted chased broke kept watched doubted needed ignored trusted"
_OBJECTS = "it that again calm money stops rules time sleep anger pride silence doubt"
_ENDS = "today then slowly twice early late badly well alone somehow anyway"
_THINGS = """morning evening screen order answer mistake question habit reason promise number window
coffee shoulder breath teacher friend letter street weather journey garden kitchen mirror story door
village river bridge mountain paper book voice picture minute second border corner station ticket
pocket jacket engine wheel road island harbour season winter summer autumn spring harvest market
festival dinner table chair"""
_STATES = """small large quiet loud simple strange old new warm cold heavy light open closed honest
false broken whole sharp soft bright dark empty full early rough smooth deep shallow narrow wide
plain patient careless clean tired proud angry happy slow"""

_JOINTS = (
    "because the {} of my {} was {}",
    "while a {} in our {} seemed {}",
    "although that {} on this {} is {}",
    "when no {} at her {} stays {}",
    "before his {} with your {} turned {}",
)


@dataclass(frozen=True)
class Page:
    """A page with the variety of prose."""

    words: int = 520

    @property
    def text(self) -> str:
        columns = [column.split() for column in (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)]
        things, states = _THINGS.split(), _STATES.split()
        lines = (
            " ".join(
                [
                    *(
                        c[(i * k + i // len(c)) % len(c)]
                        for c, k in zip(columns, (1, 5, 7, 3), strict=True)
                    ),
                    _JOINTS[i % len(_JOINTS)].format(
                        things[i % len(things)],
                        things[(i * 7 + 5) % len(things)],
                        states[(i + i // len(states)) % len(states)],
                    ),
                ]
            )
            for i in range(self.words // 12 + 1)
        )
        return " ".join(lines)
