"""The days of a synthetic trader, act by act, with the truth beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Final

import numpy as np

from genesis.analytics.blocks import Generator
from genesis.research.synthetic_traders import Population, Style, Trader, within
from genesis.tilt import ActionKind, UserAction

_DAY_S: Final = 86_400
_FIRST_DAY: Final = 19_723
"""2024-01-01, a Monday."""
_FACTORS: Final = (
    "gap", "latency", "size", "cancel", "typo", "skip", "refused", "widen", "growth"
)  # fmt: skip
_SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT")


@dataclass(frozen=True, slots=True)
class Shown:
    """One act and what is true of it. streak: losses in a row before it. day: since the first."""

    act: UserAction
    tilted: bool
    streak: int
    day: int


class Life:
    """The days of one trader, act by act."""

    def __init__(
        self, rng: Generator, who: Trader, pool: Population, *, calm: bool = False
    ) -> None:
        self._rng, self._who, self._pool = rng, who, pool
        self._can_tilt = not calm and who.susceptible > 0
        self._drift = np.zeros(2)
        self._day = self._streak = self._wins = 0
        self._result = 0.0
        self._style: Style | None = None
        self._factors: dict[str, float] = {}
        self._tilt_until = self._at = self._end = self._share = 0.0
        self._symbol = _SYMBOLS[0]
        self._volatile = self._is_new = False
        self._shown_volatile = False
        self._news: float | None = None

    def acts(self, days: int) -> Iterator[Shown]:
        """Everything he does, in order."""
        rng, pool = self._rng, self._pool
        moves = int(rng.integers(days // 3, days)) if rng.random() < pool.moves_on else days + 1
        for day in range(days):
            if day % 7 >= 5 and rng.random() < 0.8:
                continue
            self._is_new = day >= moves
            self._begin(day)
            yield self._tell(ActionKind.SESSION_START)
            while True:
                told = list(self._round())
                if not told:
                    break
                yield from told
            yield self._tell(ActionKind.SESSION_END)

    def _begin(self, day: int) -> None:
        rng, who = self._rng, self._who
        self._drift += rng.normal(0, 0.02, 2)
        hour = who.start_hour + rng.normal(0, who.start_spread)
        self._at = (_FIRST_DAY + day) * _DAY_S + hour * 3600
        self._end = self._at + who.session_s * exp(rng.normal(0, 0.3))
        if rng.random() < 0.03:
            self._at += within(rng, (-4, 4)) * 3600
            self._end = self._at + who.session_s
        self._volatile = bool(rng.random() < self._pool.volatile)
        self._shown_volatile = self._volatile if rng.random() < 0.8 else not self._volatile
        has_news = rng.random() < 0.08
        self._news = self._at + within(rng, (0.1, 0.9)) * who.session_s if has_news else None
        self._day, self._streak, self._wins, self._result = day, 0, 0, 0.0
        self._style = None

    # -- one round: wait, order, and what becomes of it ----------------------------------------
    def _round(self) -> Iterator[Shown]:
        rng, who = self._rng, self._who
        self._share = min(1.0, self._share + self._pool.rise)
        gap, latency, size, same = self._mood()
        noise = self._pool.noise
        self._at += max(2.0, who.gap_s * gap * exp(self._drift[0] + who.gap_spread * noise(rng)))
        if self._at >= self._end:
            return
        if rng.random() >= same:
            self._symbol = _SYMBOLS[int(rng.integers(who.symbols))]
        size *= who.size * exp(self._drift[1] / 2 + who.size_spread * noise(rng))
        latency_s = max(0.25, who.latency_s * latency * exp(who.latency_spread * noise(rng)))
        is_refused = size > 1 or rng.random() < self._rate("refused")
        yield self._tell(
            ActionKind.ORDER_SUBMIT, symbol=self._symbol, side="BUY",
            size_fraction=min(size, 1.6), latency_ms=round(latency_s * 1000), **self._care(),
        )  # fmt: skip
        if is_refused:
            yield self._tell(ActionKind.ORDER_REJECTED, symbol=self._symbol, reason="NOT_POSSIBLE")
        if rng.random() < self._rate("cancel"):
            self._at += float(rng.exponential(25)) + 1
            yield self._tell(ActionKind.ORDER_CANCEL, symbol=self._symbol)
            return
        yield from self._position(min(size, 1.0))

    def _position(self, size: float) -> Iterator[Shown]:
        rng, who = self._rng, self._who
        hold = who.hold_s * exp(rng.normal(0, 0.8))
        is_widened = rng.random() < self._rate("widen")
        wins = rng.random() < who.win - (0.06 if self._style else 0)
        opened = self._at
        if is_widened:
            self._at = opened + hold * 0.6
            yield self._stop(97.0)
        elif rng.random() < 0.1:
            self._at = opened + hold * 0.5
            yield self._stop(99.0)
        hold *= 1 if wins or self._style is None else 1 + (self._style.hold - 1) * self._power
        self._at = max(self._at, opened + hold)
        won = abs(rng.normal(1.05, 0.4))
        lost = -abs(rng.normal(1.0, 0.25)) * (1.6 if is_widened else 1)
        pnl_r = float(won if wins else lost)
        yield self._tell(
            ActionKind.POSITION_CLOSED, symbol=self._symbol, pnl_r=pnl_r,
            reason="take_profit" if wins else "stop_loss",
        )  # fmt: skip
        self._result += pnl_r
        self._wins, self._streak = (self._wins + 1, 0) if wins else (0, self._streak + 1)
        self._turn()

    def _stop(self, new: float) -> Shown:
        return self._tell(
            ActionKind.STOP_MODIFY, symbol=self._symbol, side="BUY", stop_old=98.0, stop_new=new,
            entry=100.0, reduces_risk=new > 98.0,
        )  # fmt: skip

    def _care(self) -> dict[str, object]:
        """How the line was typed and the checklist was gone through."""
        rng = self._rng
        keys, is_skipped = int(rng.integers(14, 26)), rng.random() < self._rate("skip")
        given: dict[str, object] = {"keys": keys, "backspaces": int(rng.random() < 0.04)}
        given["parse_ok"] = True
        if rng.random() < self._rate("typo"):
            if rng.random() < 0.5:
                given["parse_ok"] = False
            else:
                given |= {"keys": keys + 8, "backspaces": int(rng.integers(4, 9))}
        given["checklist_done"] = not is_skipped
        return given

    # -- tilt ----------------------------------------------------------------------------------
    def _mood(self) -> tuple[float, float, float, float]:
        """Factors of gap, latency and size, and the chance of the same symbol again."""
        who = self._who
        gap = latency = size = 1.0
        if self._volatile:
            gap, latency = gap * 0.45, latency * 0.75
        if self._news is not None and self._news < self._at < self._news + 900:
            gap, latency = gap * 0.3, latency * 0.8
        if self._is_new:
            gap, size = gap * 0.65, size * 1.25
        if self._streak:
            gap, latency, size = (
                a * b for a, b in zip((gap, latency, size), who.after_loss, strict=True)
            )
        same = 0.25
        if self._style is not None:
            power, factors, style = self._power, self._factors, self._style
            gap *= factors["gap"] ** power
            latency *= factors["latency"] ** power
            full = self._streak or style.wins
            size *= factors["size"] ** (power if full else 0.4 * power)
            size *= factors["growth"] ** (min(self._streak, 4) * self._share)
            same = min(0.95, same + style.same * power)
        return gap, latency, size, same

    def _rate(self, name: str) -> float:
        rate = float(getattr(self._who, name))
        if name == "cancel" and self._volatile:
            rate = min(0.8, rate * 1.6)
        if self._style is not None:
            rate += self._factors[name] * self._power
        return min(0.9, rate)

    @property
    def _power(self) -> float:
        """How much of his style shows by now."""
        return self._share * self._who.strength

    def _turn(self) -> None:
        """After a trade: tilt ends, or begins."""
        rng = self._rng
        if self._style is not None and (self._at > self._tilt_until or rng.random() < 0.01):
            self._style = None
        if self._style is not None or not self._can_tilt:
            return
        who, pool = self._who, self._pool
        lost = min(4.0, max(0.0, -self._result - 1))
        ease = pool.onset + 0.5 * log(who.susceptible)
        after_losses = _chance(-4.6 + 0.35 * min(self._streak, 5) + 0.2 * lost + ease)
        proud = [name for name in who.styles if pool.styles[name].wins]
        after_wins = _chance(-6.8 + 0.6 * min(self._wins, 6)) if proud else 0.0
        if rng.random() >= max(after_losses, after_wins):
            return
        by_wins = after_wins > after_losses
        fitting = [name for name in who.styles if pool.styles[name].wins == by_wins]
        self._style = pool.styles[str(rng.choice(fitting or list(who.styles)))]
        self._factors = {name: within(rng, getattr(self._style, name)) for name in _FACTORS}
        self._share = 0.0
        self._tilt_until = self._at + pool.lasting * exp(rng.normal(log(3000), 0.5))
        self._end = max(self._end, self._at + 1500)

    def _tell(self, kind: ActionKind, **given: object) -> Shown:
        act = UserAction(
            round(self._at * 1e6), kind, f"d{self._day}",
            market_state="VOLATILE" if self._shown_volatile else "NORMAL",
            **given,  # type: ignore[arg-type]
        )  # fmt: skip
        return Shown(act, self._style is not None, self._streak, self._day)


def _chance(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds)) if log_odds > 0 else exp(log_odds - log1p(exp(log_odds)))
