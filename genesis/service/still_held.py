"""What is held when a service has ended, and what protects it while nothing of ours runs."""

from collections.abc import Iterator
from typing import Final

from genesis.domain.money import text
from genesis.domain.orders import Order, OrderStatus
from genesis.engine.engine import Engine
from genesis.positions.ledger import Position

_RESTS: Final = frozenset({OrderStatus.OPEN, OrderStatus.PARTIAL})


def still_held(engine: Engine, *, ends_with_us: bool) -> list[str]:
    """One line for each position and its stops; one where nothing is held.

    ends_with_us: the exchange is one of our own, whose market stands still between runs.
    """
    positions = engine.state.ledger.positions.values()
    held = [line for each in positions for line in _lines(engine, each, ends_with_us)]
    return held or ["no position is held, and no stop is needed"]


def _lines(engine: Engine, held: Position, ends_with_us: bool) -> Iterator[str]:
    yield f"still held: {text(held.qty)} of {held.symbol}"
    stops = [o for o in engine.state.execution.orders.sells(held.symbol) if o.request.stop_price]
    if not stops:
        also = "" if ends_with_us else ", or leave it with `genesis close-all --direct`"
        yield f"  it has NO stop: start again to have one placed{also}"
    for stop in stops:
        yield f"  {_stop(stop, ends_with_us)}"


def _stop(stop: Order, ends_with_us: bool) -> str:
    price = stop.request.stop_price
    assert price is not None
    told = f"its stop at {text(price)}, for {text(stop.remaining_qty)},"
    if stop.status not in _RESTS:
        return f"{told} was not confirmed by the exchange: look with `genesis status` after a start"
    if ends_with_us:
        return f"{told} and the paper market stand still now; both go on at the next start"
    return f"{told} rests at the exchange, and works there while nothing of ours runs"
