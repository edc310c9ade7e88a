"""A result in words: the same lines for a notebook and for the command line."""

from collections import Counter
from html import escape

from genesis.analytics import NoValue
from genesis.domain.money import text
from genesis.research.measured import Measured, Metric


def lines(result: Measured) -> list[tuple[str, str]]:
    """(name, text) from coverage to digest."""
    setup, m = result.setup, result.metrics
    quote = setup.instrument.quote
    return [
        ("coverage", str(result.coverage)),
        ("run", f"{setup.strategy} on {setup.instrument.symbol}, rules {setup.rules}, "
         f"fill {setup.fill}, {text(setup.cash)} {quote}"),
        ("trades", _trades(result)),
        ("result", f"{_number(m['pnl_usdt'], ',.2f')} {quote} in closed trades after fees of "
         f"{_fees(result)}; return {_percent(m['return_fraction'])}, "
         f"buy and hold {_percent(m['buy_and_hold_fraction'])}"),
        ("per trade", f"profit factor {_number(m['profit_factor'])}, expectancy "
         f"{_number(m['expectancy_usdt'])} {quote} ({_number(m['expectancy_r'])} R)"),
        ("risk", f"max drawdown {_fall(m['max_drawdown_fraction'])} on daily closes, "
         f"longest losing streak {m['longest_losing_streak']}"),
        ("ratios", f"Sharpe {_number(m['sharpe'])}, Sortino {_number(m['sortino'])}, "
         f"Calmar {_number(m['calmar'])}{_why_not(m['sharpe'])}"),
        ("refusals", _refusals(result)),
        ("decision digest", result.decision_digest),
    ]  # fmt: skip


def html(result: Measured) -> str:
    """The lines as a small table."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(words)}</td></tr>"
        for name, words in lines(result)
    )
    return f"<table>{rows}</table>"


def _trades(result: Measured) -> str:
    reasons = Counter(result.trades["reason"])
    by = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    held = len(result.positions)
    closed = f"{len(result.trades)} closed" + (f" ({by})" if by else "")
    wins = f", won {_percent(result.metrics['win_fraction'])}" if reasons else ""
    return closed + wins + (f", {held} still open" if held else "")


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
