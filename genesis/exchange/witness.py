"""The venue as a witness: orders that carry our name and that our log never sent. Pure.

A log cannot see that its own end is missing. The venue can: every order carries run, number and
the head of the log it grew from, and stays in the venue's list.
"""

from collections.abc import Collection, Iterable

from genesis.domain.ids import EXTERNAL_RUN
from genesis.exchange.gateway import VenueOrder
from genesis.exchange.wire_id import parse


def strangers(
    orders: Iterable[VenueOrder], sent: Collection[str], opened_ns: int
) -> tuple[VenueOrder, ...]:
    """Orders under our name that are not among those `sent`, by the venue's number.

    opened_ns: what ended before the account was opened belongs to a home before this one.
    """
    found = [
        order
        for order in orders
        if order.updated_ns >= opened_ns
        and order.wire_id not in sent
        and _grew_from_a_log(order.wire_id)
    ]
    return tuple(sorted(found, key=lambda order: int(order.order_id)))


def _grew_from_a_log(wire_id: str) -> bool:
    """`close-all --direct` sells under our name, past any log: in the run that is nobody's."""
    parts = parse(wire_id)
    return parts is not None and parts.key.run != EXTERNAL_RUN


def complaint(found: tuple[VenueOrder, ...]) -> str:
    """What a person should know and can do."""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"the venue holds order {found[0].wire_id}{more} under our name, and this log never sent "
        "it: its end was cut off or an older copy was restored (or another home trades on this "
        "account). No new risk until `genesis recover` has set this log aside and begun one that "
        "knows of them; stops stay, closing works, and so does `genesis close-all --direct`"
    )


def last_run(found: Iterable[VenueOrder]) -> int:
    """The largest run that the names of these orders tell; 0 where there is none."""
    parts = (parse(order.wire_id) for order in found)
    return max((each.key.run for each in parts if each is not None), default=0)
