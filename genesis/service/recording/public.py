"""A venue as anybody may hear it, without a key."""

import json
from typing import Any, Final

import aiohttp

from genesis.domain.events import TradeTick
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.classify import Answer
from genesis.exchange.reads import body_of, understood
from genesis.exchange.traffic import Request
from genesis.wire.streams import parse_past_trade
from genesis.wire.symbols import to_venue

_PAGE: Final = 1000
_PATIENCE: Final = aiohttp.ClientTimeout(total=10, connect=5)
_ENDPOINT: Final = "publicGetHistoricalTrades"


class PublicGateway(BinanceGateway):
    """Past trades are public, and ccxt asks for a key first: they are asked for without it.

    They pass where every request does: limits are counted by address, so a recorder that goes on
    through a ban would lengthen it for the engine beside it.
    """

    async def past_trades(self, symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        """Prints of the symbol from that trade id on, oldest first, at most 1,000.

        Raises:
            Unreachable: no answer came, or the venue wants no questions now. Rejected: the venue
                refuses. OutOfSync: the answer cannot be understood.
        """
        what = f"prints of {symbol} from {from_id} on"
        params = {"symbol": to_venue(symbol), "fromId": str(from_id), "limit": str(_PAGE)}
        body = body_of(await self._asked(params), what)
        found = understood(what, lambda: [parse_past_trade(row, symbol) for row in body])
        return tuple(sorted(found, key=lambda tick: tick.trade_id))

    async def _asked(self, params: dict[str, str]) -> Answer:
        session = self.session
        entered = await self.traffic.enter(Request.of(_ENDPOINT, params, None))
        if isinstance(entered, Answer):
            return entered
        try:
            answer = await _got(session, f"{self.venue.rest}/api/v3/historicalTrades", params)
        except BaseException:
            self.traffic.gave_up(entered)
            raise
        self.traffic.left(entered, answer)
        return answer


async def _got(session: aiohttp.ClientSession, url: str, params: dict[str, str]) -> Answer:
    try:
        async with session.get(
            url, params=params, timeout=_PATIENCE, allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
    except (aiohttp.ClientError, TimeoutError, OSError) as silence:
        was_sent = not isinstance(silence, aiohttp.ClientConnectorError)
        return Answer(None, message=repr(silence), was_sent=was_sent)
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = _json(text)
    told = body if isinstance(body, dict) else {}
    code, pause = told.get("code"), headers.get("retry-after", "")
    return Answer(
        response.status,
        body,
        code if isinstance(code, int) else None,
        str(told.get("msg", "")),
        retry_after_s=float(pause) if pause.isdigit() else None,
        headers=headers,
    )


def _json(text: str) -> Any:
    """None: it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
