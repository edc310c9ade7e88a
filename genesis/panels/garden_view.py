"""What the garden shows of the engine's state. Pure: dicts in, dicts with ready words out.

Each part of the view is a piece of the page; the browser side only puts it into its place.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from itertools import pairwise
from math import log2
from typing import Any, Final

from genesis.domain.approval import told_once
from genesis.panels.limit_words import NEAR, limit_words
from genesis.panels.tilt_words import indicator
from genesis.panels.views import (
    MODES,
    TIERS,
    View,
    amount,
    decimal,
    epoch_ms,
    owed,
    percent,
    price,
    quantity,
    remaining,
    sentence,
    sign,
    signed,
)

State = Mapping[str, Any]
Part = dict[str, Any]
_FINE: Final = Decimal(10)
"""Results below this are shown with four decimals."""
_FEWEST_RINGS: Final = 4
_MOST_RINGS: Final = 9
_RIDGE_POINTS: Final = 240
MOST_POINTS: Final = 600
"""Points of equity that are kept while somebody looks on."""
_SPACING_MS: Final = 5_000
_NEWEST: Final = 100
"""So many of the newest stay when older ones are thinned."""
_STOP_SHARE: Final = Decimal("0.99")
_LEAST_STOP_SHARE: Final = Decimal("0.98")
_STOP_DIGITS: Final = 5
_LEVELS: Final = {
    "NORMAL": "calm",
    "CAUTION": "a breath before the next order",
    "WARNING": "paused until a page is written",
    "LOCKED": "locked until a page is written and time has passed",
}
_HARD_DAY: Final = (
    "A hard day has led down. New positions stay very small; nothing has to be won back."
)
_WAY_UP: Final = "The way up is open: a ceremony waits on the path of the tiers. There is no hurry."
_GATES: Final = {
    "capital": "capital",
    "days_at_tier": "days in this tier",
    "trading_days": "trading days",
    "profitable_days": "profitable days",
    "violations": "violations",
    "execution_speed": "orders in time",
}


def garden_view(state: State) -> View:
    """Every part of the garden."""
    return {
        "head": head(state),
        "weather": weather(state),
        "stones": stones(state),
        "tilt": tilt(state),
        "gates": gates(state),
        "headroom": headroom(state),
        "locks": locks(state),
        "orders": orders(state),
        "limited": state.get("limited_until"),
        "intervention": state.get("intervention"),
        "override": state.get("override"),
        "examples": examples(state),
    }


# -- the top ---------------------------------------------------------------------------------
def head(state: State) -> Part:
    equity, start = decimal(state.get("equity")), decimal(state.get("day_start_equity"))
    today = None if equity is None or start is None else equity - start
    mode, speed = str(state.get("mode", "")), float(state.get("speed") or 1)
    return {
        "tier": str(state.get("tier", "")),
        "mode": MODES.get(mode, mode.lower()),
        "equity": amount(equity),
        "today": "" if today is None else f"{signed(today)} today",
        "sign": 0 if today is None else sign(today),
        "free": f"{amount(state.get('free'))} free",
        "prices": [[symbol, price(told)] for symbol, told in dict(state.get("prices", {})).items()],
        "pace": "" if round(speed, 1) in (0, 1) else f"time runs {speed:.3g} times faster",
    }


def weather(state: State) -> Part:
    """The one word over the whole garden: what most holds the trader back, and how it ends."""
    asked, venue = state.get("intervention"), state.get("venue") or {}
    if state.get("halted"):
        words = "Trading is halted. Positions may only be reduced; their stops stay."
        return {"name": "halted", "words": words, "until": None}
    if asked:
        words = str(asked.get("message", ""))
        return {"name": "page", "words": words, "until": asked.get("until")}
    if venue.get("status", "NORMAL") != "NORMAL":
        words = f"The venue rests ({str(venue['status']).lower()}). No entries until it is back."
        return {"name": "maintenance", "words": words, "until": None}
    if state.get("mode") == "EMERGENCY":
        return {"name": "emergency", "words": _HARD_DAY, "until": None}
    if state.get("limited_until"):
        share = decimal((state.get("headroom") or {}).get("multiplier"))
        words = (
            "The limited hour" if share is None else f"The limited hour: {percent(share, 0)} sizes"
        )
        return {"name": "limited", "words": words, "until": state["limited_until"]}
    if state.get("mode") == "CEREMONY":
        return {"name": "ceremony", "words": _WAY_UP, "until": None}
    return {"name": "open", "words": "", "until": None}


# -- mountain and sand -----------------------------------------------------------------------
def ridge(state: State) -> Part:
    """The path of equity, packed: first time and value, then steps in seconds and 1/10000."""
    return _packed(_told(state), state)


class Ridge:
    """The path of equity while a garden looks on.

    part: as it was told last, whole; points that came since travel one by one.
    """

    def __init__(self, state: State) -> None:
        self._points = _told(state)
        self.part = ridge(state)

    def __len__(self) -> int:
        return len(self._points)

    def take(self, state: State) -> None:
        """Where equity stands now; points that lie close replace each other."""
        now, points = point(state), self._points
        at_ms, equity = now["at"], now["v"]
        if at_ms is None or equity is None or (points and at_ms < points[-1][0]):
            return
        if len(points) > 1 and at_ms - points[-2][0] < self._spacing_ms():
            points.pop()
        points.append((at_ms, equity))
        if len(points) > MOST_POINTS:
            self._points = points[:-_NEWEST:2] + points[-_NEWEST:]

    def whole(self, state: State) -> None:
        """Somebody looks who saw nothing of it yet."""
        self.part = _packed(self._points, state)

    def _spacing_ms(self) -> int:
        span_ms = self._points[-1][0] - self._points[0][0]
        return max(_SPACING_MS, span_ms // (MOST_POINTS - _NEWEST))


def _told(state: State) -> list[tuple[int, float]]:
    return [(int(t), float(e)) for t, e in state.get("history") or ()]


def _packed(path: Sequence[tuple[int, float]], state: State) -> Part:
    points = _thinned(path)
    start = decimal(state.get("day_start_equity"))
    part: Part = {"start": None if start is None else float(start), "times": [], "values": []}
    if not points:
        return part
    times = [t // 1000 for t, _ in points]
    values = [round(e * 10_000) for _, e in points]
    return {
        **part,
        "t": times[0],
        "v": values[0],
        "times": [b - a for a, b in pairwise(times)],
        "values": [b - a for a, b in pairwise(values)],
    }


def point(state: State) -> Part:
    """Where equity stands now."""
    equity = decimal(state.get("equity"))
    return {
        "at": epoch_ms(state.get("t")),
        "v": None if equity is None else round(float(equity), 4),
    }


def stones(state: State) -> list[Part]:
    cap = decimal((state.get("headroom") or {}).get("position_cap")) or Decimal(0)
    return [_stone(position, cap, state.get("t")) for position in state.get("positions") or ()]


def _stone(position: State, cap: Decimal, now: Any) -> Part:
    held_min = max(0, (epoch_ms(now) or 0) - (epoch_ms(position.get("opened_at")) or 0)) / 60_000
    qty = decimal(position.get("quantity")) or Decimal(0)
    mark = decimal(position.get("mark")) or decimal(position.get("entry_price")) or Decimal(0)
    notional = qty * mark
    pnl = position.get("pnl_dollars")
    places = 4 if abs(decimal(pnl) or Decimal(0)) < _FINE else 2
    return {
        "symbol": position.get("symbol"),
        "base": str(position.get("symbol", "")).partition("/")[0],
        "side": str(position.get("side", "")).lower(),
        "size": round(min(1.0, float(notional / cap)) if cap > 0 else 1.0, 2),
        "rings": min(_MOST_RINGS, _FEWEST_RINGS + int(log2(1 + held_min))),
        "quantity": quantity(qty),
        "entry": price(position.get("entry_price")),
        "mark": price(position.get("mark")),
        "stop": price(position.get("stop")),
        "notional": f"{amount(notional)} USDT",
        "pnl": signed(pnl, places),
        "percent": f"{signed(position.get('pnl_percent'))} %",
        "sign": sign(pnl, places),
        "opened": position.get("opened_at"),
    }


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Every n-th point and the last: a mountain is some thousand pixels wide."""
    step = -(-len(points) // _RIDGE_POINTS) or 1
    kept = list(points[::step])
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return kept


# -- tilt and gates --------------------------------------------------------------------------
def tilt(state: State) -> Part:
    score, level = int(state.get("tilt") or 0), str(state.get("level", "NORMAL"))
    shares = sorted((state.get("contributions") or {}).items(), key=lambda item: -item[1])
    return {
        "score": score,
        "level": level,
        "words": _LEVELS.get(level, level.lower()),
        "from": [[indicator(name), points] for name, points in shares if points],
    }


def gates(state: State) -> Part:
    tier, rows = str(state.get("tier", "")), state.get("gates") or ()
    return {
        "title": _way_up(tier) if rows else "gates",
        "rows": [_gate(row) for row in rows],
        "none": "" if rows else "No way up is built from this tier yet.",
    }


def _way_up(tier: str) -> str:
    above = TIERS[TIERS.index(tier) + 1 :] if tier in TIERS else ()
    return f"gates to {above[0].lower()}" if above else "gates"


def _gate(row: State) -> Part:
    name, has, needed = (
        str(row.get(key, "")) for key in ("gate", "current_value", "required_value")
    )
    passed = bool(row.get("passed"))
    is_count = has.isdigit() and needed.isdigit()
    return {
        "name": _GATES.get(name, name.replace("_", " ")),
        "has": f"{has} of {needed}" if is_count else has,
        "needed": "" if is_count else needed,
        "passed": passed,
        "share": 1.0 if passed else min(0.97, _share(name, _numbers(has), _numbers(needed))),
    }


def _share(name: str, has: Sequence[float], needed: Sequence[float]) -> float:
    """How full the disc of an open gate is; what cannot be read is empty."""
    if name == "violations" or not has or not needed:
        return 0.0
    if name in ("profitable_days", "execution_speed") and len(has) > 1:
        share = has[0] / has[1] / (needed[0] / 100) if has[1] and needed[0] else 0.0
        count = has[1] / needed[1] if name == "execution_speed" and len(needed) > 1 else 1.0
        return round(min(share, count, 1.0), 2)
    return round(min(1.0, has[0] / needed[0]), 2) if needed[0] else 0.0


@lru_cache
def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))))


# -- what holds the trader back --------------------------------------------------------------
def headroom(state: State) -> list[Part]:
    return [_limit(limit) for limit in (state.get("headroom") or {}).get("limits") or ()]


def _limit(limit: State) -> Part:
    share, name = float(limit.get("fraction") or 0), str(limit.get("name", ""))
    return {
        "name": limit_words(name),
        "words": remaining(limit),
        "left": round(max(0.0, 1 - share), 3),
        "mood": "spent" if share >= 1 else "near" if share >= NEAR else "",
    }


def locks(state: State) -> list[Part]:
    """What refuses new risk, what makes it smaller, and what is owed."""
    told = [
        {
            "code": each.get("code"),
            "reason": sentence(each.get("reason")),
            "until": each.get("until"),
        }
        for each in told_once(state.get("locks") or ())
    ]
    if owed(state):
        words = f"{sentence(owed(state))}: written on the tilt page."
        told.append({"code": "PAGE_OWED", "reason": words, "until": None})
    part = decimal((state.get("headroom") or {}).get("multiplier"))
    if part is None or not 0 < part < 1:
        return told
    words = f"Sizes are {percent(part, 0)} of usual."
    return [*told, {"code": "SIZES", "reason": words, "until": state.get("limited_until")}]


def orders(state: State) -> list[Part]:
    return [_order(order) for order in state.get("orders") or ()]


def _order(order: State) -> Part:
    at = order.get("stop_price") or order.get("limit_price")
    kind = str(order.get("type", "")).replace("_", " ").lower()
    filled = decimal(order.get("filled")) or Decimal(0)
    return {
        "symbol": order.get("symbol"),
        "what": f"{str(order.get('side', '')).lower()} {kind}",
        "quantity": quantity(order.get("quantity")),
        "at": price(at) if at is not None else "market",
        "filled": f"{quantity(filled)} filled" if filled else "",
        "status": str(order.get("status", "")).replace("_", " ").lower(),
    }


def examples(state: State) -> list[str]:
    """Commands that can be typed as they stand: for what is held, else for the first symbol."""
    held = list(state.get("positions") or ())[:1]
    symbols = [str(held[0].get("symbol"))] if held else list(state.get("prices") or {})
    if not symbols:
        return []
    base = symbols[0].partition("/")[0].lower()
    own = [f"close {base}", *_stop_example(held[0], base, state)] if held else []
    return [f"buy 100 usdt {base}", *own, "cancel all", "status", "help"]


def _stop_example(position: State, base: str, state: State) -> list[str]:
    """A stop 1 % below the price, or a little more, in the steps its price and stop are told in."""
    told = decimal((state.get("prices") or {}).get(position.get("symbol")))
    now = told if told is not None else decimal(position.get("mark"))
    if now is None or now <= 0:
        return []
    seen = [now, decimal(position.get("stop")) or now]
    finest = min(_places(number) for number in seen)
    step = Decimal(1).scaleb(max(finest, now.adjusted() + 1 - _STOP_DIGITS))
    at = (now * _STOP_SHARE).quantize(step, ROUND_DOWN)
    return [f"stop {base} {at:f}"] if at >= now * _LEAST_STOP_SHARE else []


def _places(number: Decimal) -> int:
    """The power of ten of its last digit."""
    return int(number.as_tuple().exponent)
