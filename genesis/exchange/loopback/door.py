"""The door of the exchange: how often, with which key, and with how old a request one may ask."""

from collections.abc import Callable
from typing import Any

from genesis.exchange.loopback.access import Keys, check_timing
from genesis.exchange.loopback.budget import Budget
from genesis.exchange.loopback.endpoints import Endpoint, Rooms
from genesis.exchange.loopback.params import Params
from genesis.sim.orders import VenueRejected


class Door:
    """enforces: is recvWindow enforced at this moment?"""

    def __init__(
        self, rooms: Rooms, keys: Keys, sapi: Budget, enforces: Callable[[], bool]
    ) -> None:
        self.rooms, self.sapi_budget = rooms, sapi
        self._keys, self._enforces = keys, enforces

    def ask(
        self,
        endpoint: Endpoint,
        params: Params,
        key: str | None,
        payload: str,
        *,
        sapi: bool = False,
    ) -> Any:
        """The answer. A request that cost nothing costs when it fails.

        Raises:
            VenueRejected: whatever stands in its way, with Binance's code.
        """
        budget = self.sapi_budget if sapi else self.rooms.budget
        budget.charge(endpoint.weigh(params))
        try:
            if endpoint.signed:
                self.check(params, key, payload)
                self.rooms.permissions.check(trades=endpoint.trades)
            return endpoint.answer(self.rooms, params)
        except VenueRejected:
            budget.spend(endpoint.failure_weight)
            raise

    def check(self, params: Params, key: str | None, payload: str) -> None:
        """Raises VenueRejected: key, signature or timing."""
        self._keys.check(key, params.get("signature"), payload)
        sent, window = params.get("timestamp"), params.get("recvWindow")
        check_timing(sent, window, self.rooms.now_ns(), enforce=self._enforces())
