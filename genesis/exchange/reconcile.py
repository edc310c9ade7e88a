"""Our books against the venue's truth: at start, periodically, and after every stream gap.

What the venue did while we were not looking becomes events, in a fixed order: acceptances, fills
and flows of money by time, endings by order, then what is foreign, and last the balances with the
verdict. A trade of the account that no order of ours made is adopted as a fill of run 0. A failed
question is never an empty answer: it raises, and nothing is concluded. But what is certain of our
own orders is told at once, and stays true.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from genesis.domain.events import OrderExpired, OrderRejected
from genesis.exchange.facts import Facts, Tell
from genesis.exchange.gateway import Gateway
from genesis.exchange.look import Look
from genesis.exchange.missing import Missing
from genesis.exchange.our_books import Books, WorkingOrder
from genesis.exchange.reconciled import Reconciled
from genesis.exchange.resolve import NEVER_PLACED

LOST: Final = "the venue does not know it"
SETTLE_S: Final = 45.0
"""Of the wall: more than it takes to prove that an order was never placed."""
_ATTEMPTS: Final = 4
_PAUSE_S: Final = 0.25


async def reconcile(
    gateway: Gateway,
    take: Callable[[], Books],
    now_ns: Callable[[], int],
    *,
    flows_due: bool = False,
    tell: Tell | None = None,
    missing: Missing | None = None,
    settle_s: float = SETTLE_S,
) -> Reconciled:
    """Ask the venue about everything in our books; `take` gives them as they are now.

    The balances are compared with the ledger moved by the fills and flows found. Orders may fill
    between two questions, so a difference is believed only after it was found several times.

    flows_due: ask for deposits, withdrawals, conversions and transfers though nothing differs.
    tell: hears what is certain of our orders, as soon as it is. None: all is in the result.
    missing: what comparisons before this one missed; None: no accepted order is given up.
    settle_s: how long orders that nobody answered for are waited for.

    Raises:
        Unreachable: a question got no answer; nothing is known.
        Rejected: the venue refuses to answer (key, permissions).
        OutOfSync: an answer cannot be understood.
    """
    facts = Facts(tell)
    await _settle(gateway, take(), facts, settle_s)
    look = await _looked(gateway, take, facts, now_ns, flows_due)
    lost = [] if missing is None else missing.lost(look.missing)
    if lost:
        for ours in lost:
            facts.ended[ours.order.key] = OrderExpired(now_ns(), ours.order.key, LOST)
        look = await _looked(gateway, take, facts, now_ns, flows_due)
    return look.verdict(now_ns())


async def _settle(gateway: Gateway, books: Books, facts: Facts, settle_s: float) -> None:
    """Unanswered orders that were never placed; each waits out its bound, side by side. Those of
    which the venue goes on to tell nothing are left as they are.
    """
    sent_by_ns = books.sent_by_ns
    if sent_by_ns is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(settle_s):
            waits = (_resolve(gateway, ours, sent_by_ns, facts) for ours in books.unsettled)
            await asyncio.gather(*waits)


async def _resolve(gateway: Gateway, ours: WorkingOrder, sent_by_ns: int, facts: Facts) -> None:
    """The gateway tells every fact once: what it tells here is told on."""
    key, symbol = ours.order.key, ours.order.request.symbol
    events = await gateway.resolve(key, ours.wire_id, symbol, sent_by_ns)
    for event in events:
        if isinstance(event, OrderRejected) and event.code == NEVER_PLACED:
            facts.ended[key] = event
    await facts.tell(events)


async def _looked(
    gateway: Gateway,
    take: Callable[[], Books],
    facts: Facts,
    now_ns: Callable[[], int],
    flows_due: bool,
) -> Look:
    """The first look without a complaint, or the last of several.

    Old trades and the histories of flows are dear to ask for: of the first look only flows, and
    only where they are due.
    """
    look = await Look(gateway, take(), facts, now_ns()).take(flows_due=flows_due, may_ask_all=False)
    for attempt in range(1, _ATTEMPTS):
        if not look.complaints:
            break
        await asyncio.sleep(_PAUSE_S)
        is_last = attempt == _ATTEMPTS - 1
        look = await Look(gateway, take(), facts, now_ns()).take(
            flows_due=False, may_ask_all=is_last
        )
    return look
