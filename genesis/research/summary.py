"""A result in words: the same lines for a notebook and for the command line."""

from collections import Counter
from collections.abc import Mapping

from genesis.analytics import NoValue
from genesis.domain.money import text
from genesis.research.measured import Measured, Metric
from genesis.research.style import Card, Shown, cards, note, signed
from genesis.research.tables import Table


def lines(result: Measured) -> list[tuple[str, str]]:
    """(name, text) from coverage to digest."""
    setup, m = result.setup, result.metrics
    quote = setup.instrument.quote
    return [
        ("coverage", str(result.coverage)),
        ("run", f"{setup.strategy} on {setup.symbols}, rules {setup.rules}, "
         f"fill {setup.fill}, {_queue(setup.queue)}, {text(setup.cash)} {quote}"),
        ("trades", _trades(result)),
        ("result", f"{_number(m['pnl_usdt'], ',.2f')} {quote} in closed trades after fees of "
         f"{_fees(result)}; return {_percent(m['return_fraction'])}, "
         f"buy and hold {_percent(m['buy_and_hold_fraction'])}"),
        ("per trade", f"profit factor {_number(m['profit_factor'])}, expectancy "
         f"{_number(m['expectancy_usdt'])} {quote} ({_number(m['expectancy_r'])} R)"),
        ("risk", f"max drawdown {_fall(m['max_drawdown_fraction'])} on daily closes, "
         f"{_percent(result.deepest_fall_fraction)} at closes of bars, "
         f"longest losing streak {m['longest_losing_streak']}"),
        ("ratios", f"Sharpe {_number(m['sharpe'])}, Sortino {_number(m['sortino'])}, "
         f"Calmar {_number(m['calmar'])}{_why_not(m['sharpe'])}"),
        ("refusals", _refusals(result)),
        ("decision digest", result.decision_digest),
    ]  # fmt: skip


def face(result: Measured) -> Shown:
    """The result for a notebook: what it rests on, the first look as cards, the rest below."""
    told = dict(lines(result))
    first = note(f"coverage: {told['coverage']}")
    cut = ("run", "ratios", "refusals", "decision digest")
    below = note("\n".join(f"{name}: {told[name]}" for name in cut))
    above = cards([_earned(result), _made(result), _deepest(result), _asked(result)])
    whole = first.html + above.html + below.html
    return Shown(whole, "\n".join(f"{k:<16} {v}" for k, v in told.items()))


def compare(results: Mapping[str, Measured]) -> Table:
    """One row per result: what was earned, lost to fees, refused. A figure that is none is nan.

    fall: the deepest, at closes of bars.
    """
    rows = [
        (
            name,
            _figure(r.metrics["pnl_usdt"]),
            _figure(r.metrics["fees_usdt"]),
            len(r.trades),
            _figure(r.metrics["win_fraction"]),
            _figure(r.metrics["profit_factor"]),
            _figure(r.metrics["expectancy_r"]),
            r.deepest_fall_fraction,
            len(r.refusals),
        )
        for name, r in results.items()
    ]
    heads = ["run", "pnl", "fees", "trades", "won", "profit_factor", "mean_r", "fall", "refused"]
    return Table(rows, columns=heads)


def _figure(value: Metric) -> float:
    return float("nan") if isinstance(value, NoValue) else float(value)


def _queue(name: str) -> str:
    return f"{name} of the queue" if name[0].isdigit() else f"{name} queue"


def _earned(result: Measured) -> Card:
    m, quote = result.metrics, result.setup.instrument.quote
    pnl, hold = m["pnl_usdt"], m["buy_and_hold_fraction"]
    paid = f"{_number(m['fees_usdt'], ',.2f')} {quote}"
    told = f"after fees worth {paid}; buy and hold {_percent(hold)}".replace("-", "−")
    mood = ("up" if _above(pnl) else "down") if len(result.trades) else ""
    return Card("closed trades earned", f"{signed(pnl)} {quote}", told, mood)


def _made(result: Measured) -> Card:
    m = result.metrics
    parts = []
    if len(result.trades):
        parts.append(f"won {_percent(m['win_fraction'])}")
        parts.append(f"profit factor {_number(m['profit_factor'], ',.3g')}")
    each = m["expectancy_r"]
    if not isinstance(each, NoValue):
        parts.append(f"{signed(each)} R each")
    if result.positions:
        parts.append(f"{len(result.positions)} still open")
    return Card("trades closed", f"{len(result.trades):,}", ", ".join(parts))


def _deepest(result: Measured) -> Card:
    streak = result.metrics["longest_losing_streak"]
    told = f"at closes of bars; {streak} losses in a row at worst"
    return Card("deepest fall", _percent(result.deepest_fall_fraction), told)


def _asked(result: Measured) -> Card:
    refused = result.refusals
    most = Counter(refused["code"]).most_common(1)
    words = f"most often {most[0][0]}" if most else "everything asked for was let through"
    return Card("refused by the gate", f"{len(refused):,}", words)


def _above(value: Metric) -> bool:
    return not isinstance(value, NoValue) and value > 0


def _trades(result: Measured) -> str:
    reasons = Counter(result.trades["reason"])
    by = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    held = len(result.positions)
    closed = f"{len(result.trades)} closed" + (f" ({by})" if by else "")
    wins = f", won {_percent(result.metrics['win_fraction'])}" if reasons else ""
    inside = f", {result.inside_one_bar} within one bar" if result.inside_one_bar else ""
    return closed + wins + inside + (f", {held} still open" if held else "")


def _fees(result: Measured) -> str:
    paid = [f"{amount:,.8f}".rstrip("0").rstrip(".") + f" {asset}"
            for asset, amount in sorted(result.fees.items())]  # fmt: skip
    return " + ".join(paid) or f"0 {result.setup.instrument.quote}"


def _refusals(result: Measured) -> str:
    codes = Counter(result.refusals["code"])
    return ", ".join(f"{code} {count}" for code, count in sorted(codes.items())) or "none"


def _percent(value: Metric) -> str:
    return f"{value:.2%}" if isinstance(value, int | float) else f"{value}"


def _fall(value: Metric) -> str:
    """Drawdowns are falls: people read them without a sign."""
    return _percent(abs(value)) if isinstance(value, int | float) else _percent(value)


def _number(value: Metric, form: str = ",.4g") -> str:
    return f"{value:{form}}"


def _why_not(value: Metric) -> str:
    return f" ({value.reason})" if isinstance(value, NoValue) else ""
