"""`/__genesis__/...`: what Binance does not have. Truth and faults, for tests and the demo."""

from typing import Any

from aiohttp import web

from genesis.errors import UsageError
from genesis.exchange.loopback.faults import Faults
from genesis.exchange.loopback.hub import Hub, compact
from genesis.exchange.loopback.player import Player
from genesis.sim.venue import Venue
from genesis.wire import orders as wire


class Admin:
    """GET ledger, GET feed, POST fault, POST disconnect {"what": "streams" | "user" | "all"}."""

    def __init__(self, venue: Venue, player: Player, hub: Hub, faults: Faults) -> None:
        self._venue, self._player, self._hub, self._faults = venue, player, hub, faults

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/__genesis__/ledger", self.ledger),
            web.get("/__genesis__/feed", self.feed),
            web.post("/__genesis__/fault", self.fault),
            web.post("/__genesis__/disconnect", self.disconnect),
        ]

    async def ledger(self, _: web.Request) -> web.Response:
        """The venue's own truth: all orders, all executions, all balances."""
        venue = self._venue
        return _json(
            {
                "orders": [wire.queried(order) for order in venue.orders.values()],
                "trades": [wire.own_trade(trade) for trade in venue.trades],
                "balances": [
                    {"asset": held.asset, "free": str(held.free), "locked": str(held.locked)}
                    for held in venue.balances
                ],
            }
        )

    async def feed(self, _: web.Request) -> web.Response:
        return _json(self._player.position())

    async def fault(self, request: web.Request) -> web.Response:
        try:
            self._faults.arm(await request.json())
        except UsageError as error:
            return _json({"error": error.message}, 400)
        return _json({})

    async def disconnect(self, request: web.Request) -> web.Response:
        what = (await request.json()).get("what", "all")
        users = set(self._hub.users)
        chosen = {"user": users, "streams": self._hub.listeners - users}
        cut = chosen.get(what, self._hub.listeners)
        for listener in tuple(cut):
            listener.abort()
        return _json({"cut": len(cut)})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(text=compact(value), status=status, content_type="application/json")
