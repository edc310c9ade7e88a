"""The operator's door: words typed by the trader become one `OperatorActed`.

    buy|sell AMOUNT usdt|BASE SYMBOL [limit PRICE] [stop PRICE]
    close SYMBOL · close all · cancel all · stop SYMBOL PRICE · halt REASON · status

SYMBOL is `btc`, `BTC/USDT` or `btcusdt`. What is not understood says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from genesis.domain.events import OperatorActed
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.orders import OrderType, Side
from genesis.errors import UsageError

GRAMMAR: Final = (
    "buy|sell AMOUNT usdt|BASE SYMBOL [limit PRICE] [stop PRICE], close SYMBOL, close all, "
    "cancel all, stop SYMBOL PRICE, halt REASON, status"
)
_MAX_TEXT: Final = 500
_MAX_DIGITS: Final = 24


class NotUnderstood(UsageError):
    """The words are no command; the message says which word and what was expected."""

    code = "GENESIS-1110"


@dataclass(frozen=True, slots=True)
class Manner:
    """How the act was done, content-free: counts and durations only."""

    session_id: str = ""
    latency_ms: int | None = None
    keys: int | None = None
    backspaces: int | None = None
    checklist_done: bool | None = None
    dwell_ms: int | None = None

    def of(self, act: OperatorActed) -> OperatorActed:
        return replace(
            act,
            session_id=self.session_id,
            latency_ms=self.latency_ms,
            keys=self.keys,
            backspaces=self.backspaces,
            checklist_done=self.checklist_done,
            dwell_ms=self.dwell_ms,
        )


class Door:
    """Reads commands for the symbols of this run."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = tuple(symbols)
        self._names = _names(self._symbols)
        self._readers: dict[str, Callable[[list[str], int], OperatorActed]] = {
            "buy": self._trade,
            "sell": self._trade,
            "close": self._close,
            "cancel": self._cancel,
            "stop": self._stop,
            "halt": self._halt,
            "status": self._status,
        }

    def read(self, text: str, ts_ns: int) -> OperatorActed:
        """One typed line as an act.

        Raises:
            NotUnderstood: with the reason in words.
        """
        words = text.split()
        if not words or len(text) > _MAX_TEXT:
            raise NotUnderstood(f"nothing to do; try: {GRAMMAR}")
        reader = self._readers.get(words[0].lower())
        if reader is None:
            raise NotUnderstood(f"{words[0]!r} is no command; try: {GRAMMAR}")
        return reader(words, ts_ns)

    def read_intent(self, intent: Mapping[str, Any], ts_ns: int) -> OperatorActed:
        """A structured wish: side, symbol and qty or amount_usdt; price and stop where wanted.

        Raises:
            NotUnderstood: a field is missing, unknown or no amount.
        """
        known = {"side", "symbol", "qty", "amount_usdt", "type", "price", "stop", "reduces"}
        for name in intent:
            if name not in known:
                raise NotUnderstood(
                    f"intent has no field {name!r}; it has {', '.join(sorted(known))}"
                )
        words = {name: str(value) for name, value in intent.items() if value is not None}
        symbol = self._symbol(words.get("symbol", ""))
        if intent.get("reduces") and "qty" not in words and "amount_usdt" not in words:
            return _act(ts_ns, "COMMAND", "close", symbol=symbol, reduces_risk=True)
        if ("qty" in words) == ("amount_usdt" in words):
            raise NotUnderstood("an intent names either qty or amount_usdt")
        if (words.get("type", "market").lower() == "limit") != ("price" in words):
            raise NotUnderstood("a limit order has a price, a market order has none")
        unit = base_of(symbol) if "qty" in words else quote_of(symbol)
        line = [
            words.get("side", "").lower(),
            words.get("qty") or words["amount_usdt"],
            unit,
            symbol,
        ]
        if line[0] not in ("buy", "sell"):
            raise NotUnderstood("side is buy or sell")
        if "price" in words:
            line += ["limit", words["price"]]
        if "stop" in words:
            line += ["stop", words["stop"]]
        return self._trade(line, ts_ns)

    # -- one reader per verb -----------------------------------------------------------------
    def _trade(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) < 4:
            raise NotUnderstood(
                f"{words[0]} needs an amount, its unit and a symbol: buy 100 usdt btc"
            )
        verb, amount, unit, name = words[:4]
        symbol = self._symbol(name)
        extras = _extras(words[4:])
        value = _amount(amount, "amount")
        in_quote = unit.upper() == quote_of(symbol)
        if not in_quote and unit.upper() != base_of(symbol):
            raise NotUnderstood(
                f"an amount of {symbol} is in {quote_of(symbol)} or {base_of(symbol)}, not {unit!r}"
            )
        side = Side.BUY if verb.lower() == "buy" else Side.SELL
        if side is Side.SELL and "stop" in extras:
            raise NotUnderstood(
                "a sell takes no stop: it reduces; to move a stop: stop SYMBOL PRICE"
            )
        return _act(
            ts_ns,
            "ORDER_SUBMIT",
            "trade",
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT if "limit" in extras else OrderType.MARKET,
            amount_usdt=value if in_quote else None,
            qty=None if in_quote else value,
            price=extras.get("limit"),
            stop_new=extras.get("stop"),
            reduces_risk=side is Side.SELL,
        )

    def _close(self, words: list[str], ts_ns: int) -> OperatorActed:
        name = _only_word(words, "close SYMBOL, or close all")
        if name.lower() == "all":
            return _act(ts_ns, "COMMAND", "close_all", reduces_risk=True)
        return _act(ts_ns, "COMMAND", "close", symbol=self._symbol(name), reduces_risk=True)

    def _cancel(self, words: list[str], ts_ns: int) -> OperatorActed:
        if _only_word(words, "cancel all").lower() != "all":
            raise NotUnderstood("cancel is used so: cancel all (entry orders; stops stay)")
        return _act(ts_ns, "ORDER_CANCEL", "cancel_all")

    def _stop(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) != 3:
            raise NotUnderstood("stop needs a symbol and a price: stop btc 60000")
        price = _amount(words[2], "price")
        symbol = self._symbol(words[1])
        return _act(ts_ns, "STOP_MODIFY", "stop", symbol=symbol, price=price, stop_new=price)

    def _halt(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) < 2:
            raise NotUnderstood("halt needs a reason: halt the news is out")
        return _act(ts_ns, "COMMAND", "halt", reason=" ".join(words[1:]), reduces_risk=True)

    def _status(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) > 1:
            raise NotUnderstood("status takes nothing after it")
        return _act(ts_ns, "COMMAND", "status", reduces_risk=True)

    def _symbol(self, name: str) -> str:
        symbol = self._names.get(name.upper().replace("/", "").replace("-", ""))
        if symbol is None:
            raise NotUnderstood(
                f"no symbol {name!r} here: this run trades {', '.join(self._symbols)}"
            )
        return symbol


def not_understood(ts_ns: int) -> OperatorActed:
    """A line that was no command: how it was typed counts, what it said does not."""
    return OperatorActed(ts_ns, "COMMAND", parse_ok=False)


def with_stop(act: OperatorActed, old: Decimal | None, entry: Decimal | None) -> OperatorActed:
    """A moved stop beside the one that rests: raising it reduces risk, lowering adds some."""
    if act.verb != "stop" or act.stop_new is None:
        return act
    tighter = old is None or act.stop_new >= old
    return replace(act, stop_old=old, entry=entry, reduces_risk=tighter)


def _act(ts_ns: int, kind: str, verb: str, **fields: Any) -> OperatorActed:
    return OperatorActed(ts_ns, kind, verb=verb, parse_ok=True, **fields)


def _names(symbols: Sequence[str]) -> dict[str, str]:
    """Every accepted spelling: BTCUSDT always, BTC where only one symbol has that base."""
    names = {symbol.replace("/", ""): symbol for symbol in symbols}
    bases = [base_of(symbol) for symbol in symbols]
    return names | {base_of(s): s for s in symbols if bases.count(base_of(s)) == 1}


def _only_word(words: list[str], usage: str) -> str:
    if len(words) != 2:
        raise NotUnderstood(f"{words[0]} is used so: {usage}")
    return words[1]


def _extras(words: list[str]) -> dict[str, Decimal]:
    """`limit PRICE` and `stop PRICE` in any order, each at most once."""
    found: dict[str, Decimal] = {}
    for at in range(0, len(words), 2):
        name = words[at].lower()
        if name not in ("limit", "stop") or name in found or at + 1 >= len(words):
            raise NotUnderstood(
                f"after the symbol come limit PRICE or stop PRICE, not {words[at]!r}"
            )
        found[name] = _amount(words[at + 1], f"{name} price")
    return found


def _amount(word: str, what: str) -> Decimal:
    try:
        value = Decimal(word)
    except InvalidOperation:
        raise NotUnderstood(f"{what} {word!r} is not a number") from None
    if not value.is_finite() or value <= 0 or len(word) > _MAX_DIGITS or "e" in word.lower():
        raise NotUnderstood(f"{what} {word!r} is not a positive amount in plain digits")
    return value
