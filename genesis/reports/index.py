"""One page over all reports, and the same in Markdown for a mail: what the nights have left.

Both tell the state of the home and nothing of the hour they were made in: a night that finds
nothing new writes the same bytes again.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from genesis.reports.html import render
from genesis.reports.summary import Summary
from genesis.reports.verify import Verified

MAILED_DAYS: Final = 7
NAMES: Final = {"daily": "the day", "tier_evaluation": "the tier"}
"""Links by report."""


def page(
    days: Sequence[Summary],
    made: Collection[str],
    verified: Verified | None,
    failed: Sequence[str],
) -> str:
    """The page; `made` holds what there is, such as `2024-08-08/daily`."""
    most = max((abs(day.pnl) for day in days if day.pnl is not None), default=Decimal(0))
    rows = [_row(day, made, most) for day in reversed(days)]
    months = [
        {"name": month, "days": list(part), "total": _month_total(days, month)}
        for month, part in groupby(rows, lambda row: row["date"][:7])
    ]
    return render("index.html.j2", months=months, verified=verified, failed=failed, days=len(days))


def _row(day: Summary, made: Collection[str], most: Decimal) -> dict[str, Any]:
    names = [each.partition("/")[2] for each in made if each.startswith(f"{day.date}/")]
    links = [{"href": f"{day.date}/{name}.html", "name": NAMES.get(name, name)} for name in names]
    share = abs(day.pnl) / most if day.pnl and most else Decimal(0)
    return {
        "date": day.date,
        "pnl": _signed(day.pnl),
        "tone": _tone(day.pnl),
        "share": f"{share:.3f}",
        "equity": _money(day.equity),
        "trades": day.trades,
        "wins": day.wins,
        "refusals": day.refusals,
        "tilt": day.tilt,
        "links": links,
    }


def _month_total(days: Sequence[Summary], month: str) -> dict[str, str]:
    known = [day.pnl for day in days if day.date.startswith(month) and day.pnl is not None]
    total = sum(known, Decimal(0)) if known else None
    return {"pnl": _signed(total), "tone": _tone(total)}


def title(days: Sequence[Summary], failed: Sequence[str]) -> str:
    """The subject of the notice."""
    if failed:
        return f"Genesis: {_count(len(failed), 'thing')} failed last night"
    if not days:
        return "Genesis: no day to report on yet"
    last = days[-1]
    return f"Genesis {last.date}: {_signed(last.pnl)} USDT, {_count(last.trades, 'trade')}"


def markdown(days: Sequence[Summary], verified: Verified | None, failed: Sequence[str]) -> str:
    """The summary for a mail: the newest days, the proof, what failed."""
    lines = [f"# Genesis, through {days[-1].date}" if days else "# Genesis: no day is over yet", ""]
    if failed:
        lines += ["## What failed", "", *(f"- {line}" for line in failed), ""]
    if days:
        lines += [
            "| day | result USDT | equity | trades | won | refused | tilt at most |",
            "|---|---:|---:|---:|---:|---:|---|",
            *(_line(day) for day in reversed(days[-MAILED_DAYS:])),
            "",
        ]
    lines += [proof(verified), ""]
    return "\n".join(lines)


def _line(day: Summary) -> str:
    cells = (
        day.date,
        _signed(day.pnl),
        _money(day.equity),
        day.trades,
        day.wins,
        day.refusals,
        day.tilt,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def proof(verified: Verified | None) -> str:
    """How far the record is known to hold, in words."""
    if verified is None:
        return "The record was not verified yet."
    if not verified.is_sound:
        return f"The record does not hold: {verified.fault}."
    return (
        f"The record holds: {verified.events:,} events through {verified.through} were run again "
        f"and led to the same decisions. Head: row {verified.row:,}, {verified.head}."
    )


def _signed(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:+,.2f}".replace("-", "−")


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


def _tone(amount: Decimal | None) -> str:
    if not amount:
        return "quiet"
    return "gain" if amount > 0 else "loss"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
