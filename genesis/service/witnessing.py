"""What is found at a start: a chain that is broken, and orders at the venue that we never sent.

Orders under our name that rest there and are unknown here hold the coins of a position: they are
cancelled, and their stops are placed again as ours. So everything can be left.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from genesis.domain.events import Event
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import StopAdopted
from genesis.errors import Rejected
from genesis.exchange.gateway import Gateway, VenueOrder
from genesis.exchange.wire_id import key_of
from genesis.exchange.witness import complaint, last_run, strangers
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.store.chain import Break

_log = log("witness")


def broken_place(path: Path, found: Break) -> str:
    """Where the chain is broken, and how."""
    return f"{path}: {found.table} row {found.seq} of stream {found.stream}: {found.reason}"


def broken_words(path: Path, found: Break) -> str:
    """What a person should know and can do where the chain is broken."""
    return (
        f"{broken_place(path, found)}. No new risk until `genesis recover` has set this log aside "
        "and begun one from its sound part; stops stay, closing works (what is done meanwhile is "
        "written to a plain log beside it), and so does `genesis close-all --direct`"
    )


class Witnessing:
    """Asks the venue what it holds under our name.

    sent: the id every order of this log left with. forked: ids that a fork of the log knows of.
    """

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        symbols: tuple[str, ...],
        sent: Mapping[OrderKey, str],
        forked: Collection[str],
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._symbols = symbols
        self._sent = sent
        self._forked = forked
        self._unknown: tuple[VenueOrder, ...] = ()
        self._resting: tuple[VenueOrder, ...] = ()

    async def ask(self, opened_ns: int | None) -> None:
        """Look at the venue's lists; None: there was no account before. Raises ExchangeError."""
        if opened_ns is None:
            return
        sent = set(self._sent.values())
        for symbol in self._symbols:
            latest = await self._gateway.latest_orders(symbol)
            self._unknown += strangers(latest, sent, opened_ns)
            resting = await self._gateway.open_orders(symbol)
            self._resting += strangers(resting, sent, opened_ns=0)

    @property
    def last_run(self) -> int:
        """The largest run in a name we do not know: later runs have numbers of their own."""
        return last_run((*self._unknown, *self._resting))

    @property
    def unexplained(self) -> tuple[VenueOrder, ...]:
        """Orders that neither the log nor a fork of it knows."""
        return tuple(order for order in self._unknown if order.wire_id not in self._forked)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of all that neither the log nor a fork of it knows, by the venue's number."""
        found = {order.wire_id: int(order.order_id) for order in (*self._unknown, *self._resting)}
        return tuple(sorted(found.keys() - set(self._forked), key=found.__getitem__))

    @property
    def complaint(self) -> str | None:
        return complaint(self.unexplained) if self.unexplained else None

    async def take_over(self, tell: Callable[[Event], Awaitable[object]]) -> None:
        """Cancel what rests under our name, and keep its stops: ours take their place.

        tell: hands an event to the engine and returns once it is durable.

        Raises:
            Unreachable: the venue does not answer.
        """
        for order in self._resting:
            key = key_of(order.wire_id)
            assert key is not None  # a stranger's name is one of ours
            if order.stop_price is not None:
                adopted = StopAdopted(self._clock.now_ns(), order.symbol, order.stop_price)
                await tell(adopted)
            try:
                await self._gateway.cancel(key, order.wire_id, order.symbol)
            except Rejected as problem:  # reconciliation will name it, and new risk is blocked
                _log.error("order not taken over", order=order.wire_id, problem=str(problem))
