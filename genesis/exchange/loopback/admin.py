"""`/__genesis__/...`: what Binance does not have. Truth, faults, and the account owner's own hands.

GET ledger, GET feed. Every POST takes a JSON object and answers one; a wrong one is a 400 that
says what is wrong.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from itertools import count
from typing import Any, Final

from aiohttp import web

from genesis.errors import UsageError
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.access import Permissions
from genesis.exchange.loopback.endpoints import Rooms
from genesis.exchange.loopback.faults import Faults
from genesis.exchange.loopback.hub import Hub, Listener, compact
from genesis.exchange.loopback.player import Player
from genesis.exchange.loopback.trouble import Trouble
from genesis.sim.fees import Discount
from genesis.sim.orders import VenueRejected
from genesis.wire import order_lists
from genesis.wire import orders as wire

STATUSES: Final = ("TRADING", "HALT", "BREAK", "CANCEL_ONLY")
_PERMISSIONS: Final = {each.name for each in fields(Permissions)}
Wanted = Mapping[str, Any]
Act = Callable[[Any], Any]


class Admin:
    """The acts, by the last part of their path, are the methods named in `routes`."""

    def __init__(
        self, rooms: Rooms, player: Player, hub: Hub, faults: Faults, trouble: Trouble
    ) -> None:
        self._rooms, self._player, self._hub, self._faults = rooms, player, hub, faults
        self._trouble = trouble
        self._ids = count(1)

    def routes(self) -> list[web.RouteDef]:
        acts: dict[str, Act] = {
            "fault": self.fault,
            "disconnect": self.disconnect,
            "flow": self.flow,
            "order": self.order,
            "cancel": self.cancel,
            "fees": self.fees,
            "key": self.key,
            "symbol": self.symbol,
            "system": self.system,
            "ban": self.ban,
            "events": self.events,
            "plan": self.plan,
            "trouble": self.trouble,
            "calm": self.calm,
            "stall": self.stall,
            "shutdown": self.shutdown,
            "terminate": self.terminate,
        }
        return [
            web.get("/__genesis__/ledger", self.ledger),
            web.get("/__genesis__/feed", self.feed),
            *(web.post(f"/__genesis__/{name}", _obeying(act)) for name, act in acts.items()),
        ]

    # -- truth -------------------------------------------------------------------------------
    async def ledger(self, _: web.Request) -> web.Response:
        """The venue's own truth: all orders, lists, executions, flows and balances."""
        venue = self._rooms.venue
        return _json(
            {
                "orders": [wire.queried(order) for order in venue.orders.values()],
                "lists": [order_lists.queried(found) for found in venue.lists.values()],
                "trades": [wire.own_trade(trade) for trade in venue.trades],
                "flows": self._rooms.flows.happened,
                "balances": [
                    {"asset": held.asset, "free": str(held.free), "locked": str(held.locked)}
                    for held in venue.balances
                ],
            }
        )

    async def feed(self, _: web.Request) -> web.Response:
        return _json(self._player.position())

    # -- the owner's hands -------------------------------------------------------------------
    def flow(self, wanted: Wanted) -> Any:
        """A deposit, withdrawal, dust conversion, transfer ...: see `Flows.make`."""
        return self._rooms.flows.make(wanted, self._rooms.now_ns())

    def order(self, wanted: Wanted) -> Any:
        """An order made by hand in the app: parameters of POST order, a client id as the app's."""
        params = {name: str(value) for name, value in wanted.items()}
        params.setdefault("newClientOrderId", f"web_{next(self._ids):032x}")
        return self._rooms.desk.place(params, self._rooms.now_ns())

    def cancel(self, wanted: Wanted) -> Any:
        """A cancel made by hand: `symbol` and `orderId` or `origClientOrderId`."""
        params = {name: str(value) for name, value in wanted.items()}
        params.setdefault("newClientOrderId", f"web_{next(self._ids):032x}")
        return self._rooms.desk.cancel(params, self._rooms.now_ns())

    def fees(self, wanted: Wanted) -> Any:
        """Pay fees in a third asset: {"asset": "BNB", "price": "600"}; {}: no longer."""
        discount = None
        if wanted:
            price = read.amount({"price": str(wanted.get("price", ""))}, "price")
            if price is None or not str(wanted.get("asset", "")).isalnum():
                raise UsageError('fees need an asset and its price: {"asset": "BNB", "price": 600}')
            discount = Discount(str(wanted["asset"]).upper(), price)
        self._rooms.venue.pay_fees_in(discount)
        return {}

    def key(self, wanted: Wanted) -> Any:
        """What the key may do from now on: fields of `Permissions`, true or false."""
        permissions = self._rooms.permissions
        for name, value in wanted.items():
            if name not in _PERMISSIONS or not isinstance(value, bool):
                raise UsageError(f"{name}={value!r} is no permission that is true or false")
        for name, value in wanted.items():
            setattr(permissions, name, value)
        return permissions.told()

    # -- the venue's doing -------------------------------------------------------------------
    def symbol(self, wanted: Wanted) -> Any:
        """Suspend a symbol or open it again: {"symbol": "BTCUSDT", "status": "BREAK"}."""
        status = wanted.get("status")
        if status not in STATUSES:
            raise UsageError(f"status {status!r} is none of {', '.join(STATUSES)}")
        desk = self._rooms.desk
        desk.statuses[desk.symbol({"symbol": str(wanted.get("symbol", ""))})] = status
        return {}

    def system(self, wanted: Wanted) -> Any:
        """{"maintenance": bool}, and times: see `Moods.change`."""
        moods = self._rooms.moods
        moods.change(wanted)
        return moods.system_status()

    def ban(self, wanted: Wanted) -> Any:
        """Answer 418 for {"seconds": n}."""
        self._rooms.budget.ban(round(_seconds(wanted)))
        return {}

    def fault(self, wanted: Wanted) -> Any:
        """Arm a fault: see `faults`."""
        self._faults.arm(dict(wanted))
        return {}

    def disconnect(self, wanted: Wanted) -> Any:
        """Cut connections: {"what": "streams" | "user" | "all"}."""
        cut = self._named(wanted)
        for listener in cut:
            listener.abort()
        return {"cut": len(cut)}

    def events(self, wanted: Wanted) -> Any:
        """Arm a fault of user events: see `user_faults`."""
        self._hub.user_faults.arm(wanted)
        return {}

    def plan(self, wanted: Wanted) -> Any:
        """Faults by dice: {"seed": 7} and the fields of `fault_plan.Odds`; {} ends them.

        Answers what was met so far.
        """
        self._trouble.plan(wanted)
        return {"requests": self._faults.met, "events": self._hub.user_faults.met}

    def trouble(self, wanted: Wanted) -> Any:
        """Arm a whole script: see `trouble`."""
        self._trouble.script(wanted)
        return {}

    def calm(self, _: Wanted) -> Any:
        """End every fault of requests that is armed; answers what was met so far."""
        self._faults.clear()
        return {"requests": self._faults.met}

    def stall(self, wanted: Wanted) -> Any:
        """Send nothing for {"seconds": n} on connections {"what": ...}."""
        held = self._named(wanted)
        for listener in held:
            listener.stall(_seconds(wanted))
        return {"stalled": len(held)}

    def shutdown(self, wanted: Wanted) -> Any:
        """Tell serverShutdown, and cut every connection {"seconds": n} later."""
        self._hub.announce_shutdown(wire.ms(self._rooms.now_ns()))
        loop = asyncio.get_running_loop()
        for listener in self._hub.named("all"):
            loop.call_later(_seconds(wanted), listener.abort)
        return {}

    def terminate(self, _: Wanted) -> Any:
        """Tell eventStreamTerminated; the subscriptions to the user data stream are over."""
        return {"ended": self._hub.terminate_users(wire.ms(self._rooms.now_ns()))}

    def _named(self, wanted: Wanted) -> set[Listener]:
        return self._hub.named(str(wanted.get("what", "all")))


def _obeying(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def obey(request: web.Request) -> web.Response:
        try:
            wanted = json.loads(await request.text() or "{}")
            if not isinstance(wanted, dict):
                raise UsageError("a JSON object is needed")
            return _json(act(wanted))
        except (UsageError, VenueRejected) as error:
            return _json({"error": error.message}, 400)
        except ValueError as error:
            return _json({"error": f"this is no JSON: {error}"}, 400)

    return obey


def _seconds(wanted: Wanted) -> float:
    seconds = wanted.get("seconds", 0)
    if not isinstance(seconds, int | float) or seconds < 0:
        raise UsageError(f"seconds {seconds!r} is no number from 0 up")
    return seconds


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(text=compact(value), status=status, content_type="application/json")
