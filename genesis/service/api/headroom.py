"""How much may still be put at risk: every limit of the rulebook with what is used of it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from genesis.domain.account import TiltLevel
from genesis.domain.money import ONE, ZERO, fraction, text
from genesis.domain.time import SECOND, format_utc
from genesis.engine.books import Books
from genesis.engine.engine import Engine
from genesis.engine.market_checks import told, whole_told
from genesis.engine.portfolio import Portfolio
from genesis.engine.sizes import Sizes
from genesis.engine.together import correlations, spike
from genesis.market.whole import MISSING
from genesis.risk.breakers import Level
from genesis.risk.drawdown import Drawdown, floor_usdt
from genesis.risk.sizing import position_cap_usdt, sizing_capital
from genesis.risk.streak import losses_at

USDT: Final = "USDT"
COUNT: Final = "count"
_DIGITS: Final = 8


def headroom(engine: Engine) -> dict[str, Any]:
    """Caps and multiplier of the moment, and `limits`: what is used of each."""
    state, view = engine.state, engine.view
    trades, most = view.trades_today, state.limits.max_trades_per_day
    holds, level = Sizes(state).holds(), state.risk.breakers.level()
    return {
        "position_cap": text(position_cap_usdt(view.equity_usdt, state.limits)),
        "multiplier": text(holds.share),
        "multiplier_code": holds.code or None,
        "multiplier_reason": holds.told() if holds.code else None,
        "breaker_level": None if level is None else level.value,
        "losses_in_a_row": _losses_in_a_row(engine),
        "exposure": text(view.exposure_usdt),
        "free": text(view.free_usdt),
        "trades_today": trades,
        "trades_left": None if most is None else max(0, most - trades),
        "tilt_level": state.tilt.state.level.value,
        "confirmation": _confirmation(engine),
        "markets": [_market(engine, symbol) for symbol in sorted(state.market.instruments)],
        "whole_market": _whole(engine),
        "correlation": _correlation(engine),
        "portfolio": _portfolio(engine),
        "strategies": [_strategy(engine, one.name) for one in engine.desk.strategies],
        "limits": [*_sizes(engine), *_counts(engine), *_losses(engine), *_books(engine)],
    }


def _confirmation(engine: Engine) -> dict[str, Any] | None:
    """In CAUTION: how far apart an entry is asked for twice, and which were asked for once."""
    state = engine.state
    ways = state.rules.tilt.interventions
    is_careful = state.tilt.state.level is TiltLevel.CAUTION
    if not is_careful or ways is None or ways.confirm_ns is None:
        return None
    waiting = [one for one in state.tilt.caution.waiting if state.now_ns < one.valid_until_ns]
    return {
        "seconds": ways.confirm_ns // SECOND,
        "waiting": [{"symbol": w.symbol, "until": format_utc(w.until_ns)} for w in waiting],
    }


def _correlation(engine: Engine) -> dict[str, Any] | None:
    """How much the symbols move together; nothing while there is but one."""
    symbols = sorted(engine.state.market.instruments)
    rows = correlations(engine.state, symbols) if len(symbols) > 1 else None
    return None if rows is None else {"symbols": symbols, "rows": [[*map(float, r)] for r in rows]}


def _whole(engine: Engine) -> dict[str, Any] | None:
    """The state of all markets together, and which inputs it had to do without."""
    whole = engine.state.market.whole
    if whole is None:
        return None
    return {
        "state": whole.state.value,
        "reason": whole_told(engine.state),
        "missing": list(MISSING),
        "moves_as_one": spike(engine.state) is not None,
    }


def _portfolio(engine: Engine) -> dict[str, Any] | None:
    """What all positions together may lose within a day, estimated in two ways."""
    found = Portfolio(engine.state, engine.view).now()
    if found is None:
        return None
    historical = found.historical
    return {
        "volatility": _amount(found.volatility),
        "var_parametric": _amount(found.parametric),
        "var_historical": None if historical is None else _amount(historical),
        "days": found.days,
        "assumed": list(found.unknown),
    }


def _amount(found: float) -> str:
    return text(round(Decimal(found), _DIGITS))


def _strategy(engine: Engine, name: str) -> dict[str, Any]:
    """What a strategy has shown, and what that makes of its sizes; the operator's stay as told."""
    state = engine.state
    results, breaker = state.risk.results.get(name), state.risk.breakers.get((Level.STRATEGY, name))
    holds = Sizes(state).holds(strategy=name)
    return {
        "name": name,
        "results": 0 if results is None else results.count,
        "multiplier": text(holds.share),
        "multiplier_reason": holds.told() if holds.code else None,
        "breaker": None if breaker is None else breaker.state.value,
    }


def _market(engine: Engine, symbol: str) -> dict[str, Any]:
    """The state a symbol's market is in, and why, or that it cannot be told yet."""
    return {
        "symbol": symbol,
        "state": engine.view.state(symbol).value,
        "reason": told(engine.state, symbol),
    }


def _sizes(engine: Engine) -> Iterator[dict[str, Any]]:
    view, limits = engine.view, engine.state.limits
    capital = max(ZERO, sizing_capital(view.equity_usdt, limits))
    yield max((_position(engine, symbol) for symbol in _symbols(engine)), key=_fullest)
    yield _limit("exposure", view.exposure_usdt, limits.exposure_fraction * capital)
    most = engine.state.risk.open_risk_limit_usdt(capital, limits)
    if most is not None:
        yield _limit("open_risk", view.open_risk_usdt, most)
    portfolio = Portfolio(engine.state, view)
    bad_day, limit = portfolio.now(), portfolio.limit_usdt
    if bad_day is not None and limit is not None:
        yield _limit("portfolio_loss", Decimal(bad_day.worse), limit)


def _symbols(engine: Engine) -> list[str]:
    return sorted(engine.state.market.instruments) or [""]


def _position(engine: Engine, symbol: str) -> dict[str, Any]:
    """What is at work in a symbol, and what the gate allows there."""
    allowed = engine.gate.allowed_usdt(symbol)
    if allowed is None:
        share = Sizes(engine.state).holds(symbol).share
        cap = position_cap_usdt(engine.view.equity_usdt, engine.state.limits) * share
        absolute = engine.gate.absolute_cap_usdt(symbol)
        allowed = cap if absolute is None else min(cap, absolute)
    return _limit("position_size", engine.view.held_usdt(symbol), allowed)


def _fullest(limit: dict[str, Any]) -> tuple[float, Decimal]:
    return limit["fraction"], Decimal(limit["limit"])


def _counts(engine: Engine) -> Iterator[dict[str, Any]]:
    state = engine.state
    most = state.limits.max_trades_per_day
    if most is not None:
        used = Decimal(engine.view.trades_today)
        yield _limit("trades_today", used, Decimal(most), COUNT)
    pace = state.rules.risk.pace
    if pace is not None:
        sent = Decimal(state.risk.pace.used(state.now_ns, pace))
        yield _limit("entry_pace", sent, Decimal(pace.orders), COUNT)


def _losses(engine: Engine) -> Iterator[dict[str, Any]]:
    """Losses are results of trading: money that came in or went out does not count."""
    state = engine.state
    drawdown, table = state.risk.drawdown, state.limits.drawdown
    result = engine.view.equity_usdt - state.ledger.flows_usdt
    day_loss = drawdown.day_base_usdt - result
    if table is not None:
        yield _limit("daily_loss_warning", day_loss, table.warning_usdt)
    share = state.rules.risk.daily_loss_fraction
    if share is not None:
        yield _limit("daily_loss", day_loss, share * drawdown.day_equity_usdt)
    if table is not None:
        fall = _fall(drawdown, result)
        yield _limit("drawdown_critical", fall, table.critical_usdt)
        yield _limit("drawdown_halt", fall, table.halt_usdt)
    for window in state.limits.rolling:
        fall = drawdown.rolling.peak(window) - (result - drawdown.base_usdt)
        yield _limit(f"loss_{window.days}_days", fall, window.loss_usdt)
    yield from _profit(engine, -day_loss)


def _profit(engine: Engine, profit: Decimal) -> Iterator[dict[str, Any]]:
    """What of a good day was given back since its floor was fixed, as far as that may go."""
    state = engine.state
    table, rules = state.limits.drawdown, state.rules.risk.give_back
    if table is not None and rules is not None and state.risk.drawdown.floor_is_armed:
        fixed_at = rules.armed_factor * table.warning_usdt
        yield _limit("given_back", fixed_at - profit, fixed_at - floor_usdt(rules, table))


def _losses_in_a_row(engine: Engine) -> int:
    state = engine.state
    rules, streak = state.rules.risk.streak, state.risk.streak
    return 0 if rules is None else losses_at(streak, state.now_ns, rules)


def _fall(drawdown: Drawdown, result: Decimal) -> Decimal:
    reached = result - drawdown.base_usdt
    return max(drawdown.peak_usdt, reached) - reached


def _books(engine: Engine) -> Iterator[dict[str, Any]]:
    """The floors of the books over the tier."""
    state = engine.state
    if state.books.is_empty:
        return
    now = Books(state, engine.view).point(state.now_ns)
    for tracker in state.books.trackers:
        for floor in tracker.floors:
            used = floor.allowed - tracker.headroom_of(floor, now)
            yield _limit(f"{tracker.book.name}_{floor.name}", used, floor.allowed)


def _limit(name: str, used: Decimal, limit: Decimal, unit: str = USDT) -> dict[str, Any]:
    """What is used of a limit; a gain uses nothing, and of a limit of nothing all is used."""
    used = max(ZERO, used)
    share = min(ONE, fraction(used, limit)) if limit > 0 else ONE
    return {
        "name": name,
        "used": text(round(used, _DIGITS)),
        "limit": text(round(limit, _DIGITS)),
        "unit": unit,
        "fraction": round(float(share), 6),
    }
