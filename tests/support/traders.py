"""Synthetic traders, calm and tilted, as streams of acts with the truth beside them.

Every size of an effect is a guess whose sign is known from research on traders and gamblers: speed
after losses, larger risk after losses or wins, carelessness, stops moved away. Seed `TUNING` draws
the population the detector was fitted on; every other seed draws new ranges, a new family of noise,
a shifted population and two styles of tilt that the tuning population does not have.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import exp, log, log1p, sqrt
from typing import Final

import numpy as np

from genesis.tilt import ActionKind, UserAction

TUNING: Final = 0
Rng = np.random.Generator
Span = tuple[float, float]
Noise = Callable[[Rng], float]
_DAY_S: Final = 86_400
_FIRST_DAY: Final = 19_723
"""2024-01-01, a Monday."""
_FACTORS: Final = (
    "gap", "latency", "size", "cancel", "typo", "skip", "refused", "widen", "growth"
)  # fmt: skip
_SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT")


@dataclass(frozen=True)
class Style:
    """What tilt does to a trader: factors of gap, latency and size, and additions to rates.

    same: how often he goes back to the symbol he just left. hold: factor of losers' holding time.
    wins: it begins after wins, not after losses. growth: size grows by this per loss in a row.
    """

    gap: Span
    latency: Span
    size: Span
    cancel: Span = (0, 0.05)
    typo: Span = (0, 0.05)
    skip: Span = (0, 0.2)
    refused: Span = (0, 0.05)
    widen: Span = (0, 0.05)
    same: float = 0.3
    hold: float = 1.0
    wins: bool = False
    growth: Span = (1, 1)


KNOWN: Final = {
    "revenge": Style(
        (0.2, 0.5), (0.4, 0.75), (1.3, 2.5), (0, 0.1), (0, 0.08), (0.1, 0.4), (0, 0.1), (0, 0.1),
        0.6,
    ),
    "chaser": Style(
        (0.6, 0.95), (0.7, 1.0), (1.6, 3.0), (0, 0.05), (0, 0.03), (0, 0.2), (0.02, 0.15),
        (0.1, 0.35), 0.3, 1.3,
    ),
    "spray": Style((0.15, 0.4), (0.4, 0.8), (0.8, 1.2), (0.1, 0.3), (0.05, 0.15), (0.1, 0.4)),
    "stopmover": Style(
        (0.7, 1.1), (0.8, 1.1), (1.0, 1.3), (0, 0.05), (0, 0.03), (0, 0.2), (0, 0.05), (0.3, 0.6),
        0.3, 2.0,
    ),
    "overconfident": Style(
        (0.4, 0.7), (0.5, 0.9), (1.4, 2.2), skip=(0.2, 0.5), refused=(0.02, 0.12), same=0.1,
        wins=True,
    ),
    "frantic": Style(
        (0.4, 0.8), (0.4, 0.7), (0.9, 1.4), (0.1, 0.3), (0.12, 0.35), (0.1, 0.4), (0.1, 0.3)
    ),
}  # fmt: skip
UNSEEN: Final = {
    "doubler": Style(
        (0.5, 0.9), (0.6, 0.95), (1.1, 1.4), skip=(0.05, 0.25), same=0.7, growth=(1.2, 1.6)
    ),
    "insister": Style(
        (0.3, 0.7), (0.45, 0.8), (1.3, 2.2), typo=(0.02, 0.12), refused=(0.15, 0.4), same=0.5
    ),
    "holder": Style(
        (0.8, 1.3), (0.7, 1.1), (1.1, 1.6), widen=(0.25, 0.55), skip=(0.1, 0.3), hold=2.5
    ),
    "reckless": Style((0.5, 0.8), (0.35, 0.6), (1.2, 1.8), typo=(0.05, 0.2), skip=(0.3, 0.6)),
    "clicker": Style(
        (0.12, 0.3), (0.3, 0.6), (0.8, 1.1), (0.15, 0.35), (0.05, 0.2), (0.15, 0.4), same=0.5
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """Where traders are drawn from. Factors shift the medians of all of them.

    never: share of traders who are never on tilt. onset: log odds of tilt after a trade, added;
    lasting: factor of how long it lasts.
    strength: how far a tilted trader goes towards the factors of his style; rise: by how much of
    it more with every order.
    """

    styles: dict[str, Style]
    noise: Noise
    gap: float = 1.0
    latency: float = 1.0
    hold: float = 1.0
    size: Span = (0.15, 0.7)
    gap_spread: Span = (0.6, 1.0)
    latency_spread: Span = (0.35, 0.6)
    size_spread: Span = (0.1, 0.35)
    careless: float = 1.0
    never: float = 0.35
    onset: float = 0.0
    strength: Span = (0.7, 1.1)
    rise: float = 0.25
    lasting: float = 1.0
    volatile: float = 0.15
    moves_on: float = 0.3


def population(seed: int) -> Population:
    """The tuning population, or a new one."""
    if seed == TUNING:
        return Population(KNOWN, _normal)
    rng = np.random.default_rng((seed, 1))
    unseen = rng.choice(sorted(UNSEEN), 2, replace=False)
    known = rng.choice(sorted(KNOWN), 4, replace=False)
    pool = {**KNOWN, **UNSEEN}
    styles = {str(name): _shaken(rng, pool[str(name)]) for name in (*known, *unseen)}
    low = _in(rng, (0.1, 0.3))
    return Population(
        styles=styles,
        noise=(_student, _laplace, _skewed, _mixed)[int(rng.integers(4))],
        gap=exp(_in(rng, (-0.6, 0.6))),
        latency=exp(_in(rng, (-0.5, 0.5))),
        hold=exp(_in(rng, (-0.5, 0.5))),
        size=(low, _in(rng, (0.5, 0.95))),
        gap_spread=_moved(rng, (0.6, 1.0)),
        latency_spread=_moved(rng, (0.35, 0.6)),
        size_spread=_moved(rng, (0.1, 0.35)),
        careless=exp(_in(rng, (-0.3, 0.6))),
        never=_in(rng, (0.25, 0.45)),
        onset=_in(rng, (-0.4, 0.4)),
        strength=(_in(rng, (0.7, 0.85)), _in(rng, (1.05, 1.25))),
        rise=_in(rng, (0.25, 0.45)),
        lasting=_in(rng, (0.9, 1.6)),
        volatile=_in(rng, (0.08, 0.25)),
        moves_on=_in(rng, (0.2, 0.5)),
    )


@dataclass(frozen=True)
class Trader:
    """One trader: seconds, sizes over the cap, hours of the day, rates. `susceptible`: 0 never."""

    gap_s: float
    gap_spread: float
    latency_s: float
    latency_spread: float
    size: float
    size_spread: float
    hold_s: float
    cancel: float
    typo: float
    skip: float
    refused: float
    widen: float
    win: float
    start_hour: float
    start_spread: float
    session_s: float
    symbols: int
    after_loss: tuple[float, float, float]
    susceptible: float
    strength: float
    styles: tuple[str, ...]


def trader(rng: Rng, pool: Population) -> Trader:
    """Draw one."""
    careless = pool.careless
    return Trader(
        gap_s=pool.gap * exp(rng.normal(log(600), 0.9)),
        gap_spread=_in(rng, pool.gap_spread),
        latency_s=pool.latency * exp(rng.normal(log(4), 0.8)),
        latency_spread=_in(rng, pool.latency_spread),
        size=exp(_in(rng, (log(pool.size[0]), log(pool.size[1])))),
        size_spread=_in(rng, pool.size_spread),
        hold_s=pool.hold * exp(rng.normal(log(480), 0.5)),
        cancel=min(0.8, rng.beta(1.2, 6)),
        typo=min(0.4, careless * rng.beta(1.2, 15)),
        skip=min(0.5, careless * rng.beta(1.0, 10)),
        refused=min(0.3, careless * rng.beta(1, 70)),
        widen=min(0.4, careless * rng.beta(1, 35)),
        win=_in(rng, (0.42, 0.58)),
        start_hour=_in(rng, (8, 16)),
        start_spread=_in(rng, (0.3, 1.0)),
        session_s=3600 * exp(rng.normal(log(2.5), 0.3)),
        symbols=int(rng.integers(1, 5)),
        after_loss=(
            exp(rng.normal(-0.05, 0.15)),
            exp(rng.normal(-0.08, 0.08)),
            exp(rng.normal(0, 0.05)),
        ),
        susceptible=0.0 if rng.random() < pool.never else exp(rng.normal(0.5, 0.7)),
        strength=_in(rng, pool.strength),
        styles=tuple(map(str, rng.choice(sorted(pool.styles), 2, replace=False))),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One act and what is true of it. streak: losses in a row before it. day: since the first."""

    act: UserAction
    tilted: bool
    streak: int
    day: int


class Life:
    """The days of one trader, act by act."""

    def __init__(self, rng: Rng, who: Trader, pool: Population, *, calm: bool = False) -> None:
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
            self._at += _in(rng, (-4, 4)) * 3600
            self._end = self._at + who.session_s
        self._volatile = bool(rng.random() < self._pool.volatile)
        self._shown_volatile = self._volatile if rng.random() < 0.8 else not self._volatile
        has_news = rng.random() < 0.08
        self._news = self._at + _in(rng, (0.1, 0.9)) * who.session_s if has_news else None
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
        self._factors = {name: _in(rng, getattr(self._style, name)) for name in _FACTORS}
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


# -- noise: mean 0, variance about 1 -----------------------------------------------------------
def _normal(rng: Rng) -> float:
    return float(rng.normal())


def _student(rng: Rng) -> float:
    return float(rng.standard_t(4)) / sqrt(2)


def _laplace(rng: Rng) -> float:
    return float(rng.laplace(0, 1 / sqrt(2)))


def _skewed(rng: Rng) -> float:
    return float(rng.gamma(3) - 3) / sqrt(3) * (-1 if rng.random() < 0.5 else 1)


def _mixed(rng: Rng) -> float:
    return float(rng.normal(0, 0.75 if rng.random() < 0.85 else 1.9))


def _chance(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds)) if log_odds > 0 else exp(log_odds - log1p(exp(log_odds)))


def _in(rng: Rng, span: Span) -> float:
    return float(rng.uniform(*span))


def _moved(rng: Rng, span: Span) -> Span:
    factor = exp(_in(rng, (-0.15, 0.2)))
    return (span[0] * factor, span[1] * factor)


def _shaken(rng: Rng, style: Style) -> Style:
    """The style with other numbers: factors nearer to or further from 1, other additions."""
    power = {name: _in(rng, (0.8, 1.2)) for name in ("gap", "latency", "size")}
    more = {name: _in(rng, (0.7, 1.3)) for name in ("cancel", "typo", "skip", "refused", "widen")}
    spans = {name: _powered(getattr(style, name), by) for name, by in power.items()}
    spans |= {name: _times(getattr(style, name), by) for name, by in more.items()}
    return replace(style, **spans)  # type: ignore[arg-type]


def _powered(span: Span, power: float) -> Span:
    return (span[0] ** power, span[1] ** power)


def _times(span: Span, factor: float) -> Span:
    return (span[0] * factor, span[1] * factor)
