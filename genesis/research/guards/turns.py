"""TIES between symbols: are the wishes the same whichever symbol has its turn first?

What several symbols have at one instant (bars that close, book tops, trades) comes in the order in
which the symbols were given; live it comes as it arrives. So the symbols are given in other orders.
Compared is what is wished for at each instant, whatever the order inside it. Where money or a limit
is enough for one wish of an instant only, the first one gets it: that is the gate's doing, and what
it leads to is no fault of the strategy.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from genesis.domain.commands import SubmitOrder
from genesis.domain.outcomes import OrderRefused
from genesis.domain.time import format_utc
from genesis.research.guards.findings import Finding, Guard, Report, not_judged
from genesis.research.guards.several import Data, each
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Decision, Trace
from genesis.research.guards.wishes import in_words
from genesis.research.markets import Market

ARRIVAL: Final = "arrival"
"""A strategy whose `tie_break` says so declares that it goes by the order of arrival."""
REMEDY: Final = (
    "decide once per stamp, on what does not depend on the order inside it; where the order of "
    'arrival is meant, declare it: tie_break = "arrival"'
)
DECLARED: Final = " (declared: it goes by arrival)"
_MOST: Final = 4
"""How many other orders of symbols are tried."""

Instants = dict[int, Counter[object]]
"""What there was at each instant, whatever its order."""


def is_declared(subject: Subject, data: Data) -> bool:
    """Does the strategy say that it goes by the order of arrival?"""
    return getattr(subject.made(data), "tie_break", None) == ARRIVAL


def turns(subject: Subject, data: Data, whole: Trace) -> Report:
    """Give the symbols in other orders, and compare wishes."""
    orders = orders_of(each(data))
    if not orders:
        why = "no other order of symbols begins with the quote of the account"
        return replace(not_judged(Guard.TIES, why), notes=(f"ties: {why}",))
    declared = is_declared(subject, data)
    told = f"symbols in {len(orders)} other order{'s' * (len(orders) > 1)}"
    for order in orders:
        other = subject.run(order)
        said = _said(whole, other, ", ".join(market.instrument.symbol for market in order))
        if said is None:
            continue
        at_ns, what, is_wish = said
        if is_wish and not declared:
            found = (Finding(Guard.TIES, at_ns, what, REMEDY),)
            return Report(Guard.TIES, told, len(whole.wishes), found)
        notes = (what + DECLARED * is_wish,)
        return Report(Guard.TIES, told, len(whole.wishes), (), notes)
    return Report(Guard.TIES, told, len(whole.wishes))


def orders_of(markets: Sequence[Market]) -> list[tuple[Market, ...]]:
    """Other orders, at most four; the account's money, the quote of the first, stays what it is."""
    quote = markets[0].instrument.quote
    rows = range(len(markets))
    turned = [
        tuple(line[start:]) + tuple(line[:start])
        for line in (list(reversed(rows)), list(rows))
        for start in rows
    ]
    kept = [
        order
        for order in dict.fromkeys(turned)
        if order != tuple(rows) and markets[order[0]].instrument.quote == quote
    ]
    return [tuple(markets[row] for row in order) for order in kept[:_MOST]]


def _said(whole: Trace, other: Trace, order: str) -> tuple[int | None, str, bool] | None:
    """When, what, and whether the strategy itself wished otherwise."""
    where = f"where the symbols of one instant come in the order {order}"
    if other.broke is not None:
        return other.broke.at_ns, f"{where} {other.broke.what}", True
    wished = first_instant(_wishes(whole.wishes), _wishes(other.wishes))
    done = first_instant(_effects(whole.decided), _effects(other.decided))
    if wished is not None and (done is None or wished <= done):
        ours, theirs = (_words(trace.wishes, wished) for trace in (whole, other))
        return wished, f"it decides {ours}, and {theirs} {where}", True
    if done is None:
        return None
    what = (
        f"the same wishes, and from {format_utc(done)} on other orders {where}: of two at one "
        "instant the first has the money and the places"
    )
    return done, what, False


def first_instant(one: Instants, other: Instants) -> int | None:
    """The first at which there was not the same in both."""
    moved = [at_ns for at_ns in one.keys() | other.keys() if one.get(at_ns) != other.get(at_ns)]
    return min(moved, default=None)


def _wishes(decisions: Iterable[Decision]) -> Instants:
    return _counted((decision.at_ns, wish) for decision in decisions for wish in decision.what)


def _effects(decisions: Iterable[Decision]) -> Instants:
    """What was sent and what was refused; the numbers of orders go by their order, and are left
    out.
    """
    return _counted(
        (decision.at_ns, effect)
        for decision in decisions
        for record in decision.what
        for effect in _effect(record)
    )


def _effect(record: object) -> Iterator[object]:
    if isinstance(record, SubmitOrder):
        yield record.request
    elif isinstance(record, OrderRefused):
        yield record.symbol, record.side, tuple(failure.code for failure in record.failures)


def _counted(found: Iterable[tuple[int, object]]) -> Instants:
    instants: Instants = {}
    for at_ns, what in found:
        instants.setdefault(at_ns, Counter())[what] += 1
    return instants


def _words(decisions: Sequence[Decision], at_ns: int) -> str:
    told = [in_words(one.what) for one in decisions if one.at_ns == at_ns]
    return "; ".join(told) or "nothing"
