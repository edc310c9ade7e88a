"""The operator's door: words typed by the trader become one `OperatorActed`.

    buy AMOUNT usdt|BASE SYMBOL [limit PRICE | iceberg | twap [over MINUTES] | vwap [over MINUTES]]
    [stop PRICE] · sell AMOUNT usdt|BASE SYMBOL
    close SYMBOL [PERCENT%] · sell SYMBOL [PERCENT%] · close all · sell all · cancel all
    stop SYMBOL PRICE
    halt [REASON] · status · help · step down · reset REASON · style REASON · go live PHRASE

SYMBOL is `btc`, `BTC/USDT` or `btcusdt`. What is not understood says why.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final

from genesis.domain.events import OperatorActed
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.orders import OrderType, Side
from genesis.service.extras import ALGORITHMS, NotUnderstood, amount, extras
from genesis.service.typed import Typed

__all__ = ["Door", "Manner", "NotUnderstood", "not_understood", "with_stop"]

_SEE_HELP: Final = "`help` shows what can be typed"
_ALL, _HALF, _WHOLE = "all", "half", Decimal(100)
_FIELDS: Final = frozenset(
    {"side", "symbol", "qty", "amount_usdt", "type", "price", "stop"}
    | {"reduces", "cancel", "confidence", "why", "over_minutes"}
)
_GO_LIVE: Final = re.compile(r"go live (.+)\Z", re.IGNORECASE | re.DOTALL)
_MAX_TEXT: Final = 500
_ANY: Final = "1"
"""An amount to be read in the place of one that is not given."""


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
            "help": self._help,
            "?": self._help,
            "step": self._step_down,
            "reset": self._reset,
            "style": self._style,
        }
        self.typed = Typed((*self._readers, "go"), self._names)

    def read(self, text: str, ts_ns: int) -> OperatorActed:
        """One typed line as an act.

        Raises:
            NotUnderstood: with the reason in words.
        """
        words = text.split()
        if not words or len(text) > _MAX_TEXT:
            raise NotUnderstood(f"nothing to do; {_SEE_HELP}")
        if words[0].lower() == "go":
            return _go_live(text, ts_ns)
        reader = self._readers.get(words[0].lower())
        if reader is None:
            meant = self.typed.meant(words[0].lower())
            guess = f": is {meant!r} meant?" if meant in self._readers else ";"
            raise NotUnderstood(f"{words[0]!r} is no command{guess} {_SEE_HELP}")
        return reader(words, ts_ns)

    def read_intent(self, intent: Mapping[str, Any], ts_ns: int) -> OperatorActed:
        """A structured wish, in the fields of a strategy's `Intent` (and amount_usdt).

        Without qty and amount_usdt a buy is sized by the gate, and a sale is of all that is held.
        `confidence` ranks wishes of one moment: one alone is not changed by it.

        Raises:
            NotUnderstood: a field is missing, unknown or no amount.
        """
        for name in intent:
            if name not in _FIELDS:
                raise NotUnderstood(
                    f"intent has no field {name!r}; it has {', '.join(sorted(_FIELDS))}"
                )
        words = {name: _word(value) for name, value in intent.items() if value is not None}
        symbol, why = self._symbol(words.get("symbol", "")), words.get("why", "")[:_MAX_TEXT]
        if "cancel" in words:
            return _act(ts_ns, "ORDER_CANCEL", "cancel_all", symbol=symbol, reason=why or None)
        _check_intent(intent, words)
        act = self._intended(words, symbol, ts_ns)
        return replace(act, reason=why) if why else act

    def _intended(self, words: Mapping[str, str], symbol: str, ts_ns: int) -> OperatorActed:
        """What checked fields ask for, in the words of the grammar where it has them."""
        is_buy = words.get("side", "").lower() == "buy"
        has_size = "qty" in words or "amount_usdt" in words
        if not has_size and not is_buy:
            return _act(ts_ns, "COMMAND", "close", symbol=symbol, reduces_risk=True)
        unit = quote_of(symbol) if "amount_usdt" in words else base_of(symbol)
        line = ["buy" if is_buy else "sell", _size(words), unit, symbol]
        if "price" in words:
            line += ["limit", words["price"]]
        if "stop" in words:
            line += ["stop", words["stop"]]
        if words.get("type", "").lower() in ALGORITHMS:
            line.append(words["type"])
        if "over_minutes" in words:
            line += ["over", words["over_minutes"]]
        act = self._trade(line, ts_ns)
        return act if has_size else replace(act, qty=None)

    # -- one reader per verb -----------------------------------------------------------------
    def _trade(self, words: list[str], ts_ns: int) -> OperatorActed:
        words = _percent_joined(words)
        is_sale = words[0].lower() == "sell"
        if is_sale and (len(words) == 2 or any(map(_share, words[1:3]))):
            return self._close(words, ts_ns)
        if len(words) < 4:
            raise NotUnderstood(
                f"{words[0]} needs an amount, its unit and a symbol: {words[0]} 100 usdt btc"
            )
        verb, number, unit, name = words[:4]
        if self._is_symbol(number) and unit[:1].isdigit():
            raise NotUnderstood(
                f"the symbol comes last: {verb} {' '.join([unit, name, number, *words[4:]])}"
            )
        symbol = self._symbol(name)
        said = extras(words[4:])
        value = amount(number, "amount")
        in_quote = unit.upper() == quote_of(symbol)
        if not in_quote and unit.upper() != base_of(symbol):
            raise NotUnderstood(
                f"an amount of {symbol} is in {quote_of(symbol)} or {base_of(symbol)}, not {unit!r}"
            )
        side = Side.BUY if verb.lower() == "buy" else Side.SELL
        if side is Side.SELL and said.is_priced:
            raise NotUnderstood(
                "a sell goes at the market for now: it takes no limit and no slices, and the stop "
                "rests meanwhile"
            )
        if side is Side.SELL and said.stop is not None:
            raise NotUnderstood(
                "a sell takes no stop: it reduces; to move a stop: stop SYMBOL PRICE"
            )
        return _act(
            ts_ns,
            "ORDER_SUBMIT",
            "trade",
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT if said.is_priced else OrderType.MARKET,
            amount_usdt=value if in_quote else None,
            qty=None if in_quote else value,
            price=said.limit,
            stop_new=said.stop,
            reduces_risk=side is Side.SELL,
            algorithm=None if said.algorithm is None else said.algorithm.value,
            over_ns=said.over_ns,
        )

    def _close(self, words: list[str], ts_ns: int) -> OperatorActed:
        said = [word.lower() for word in _percent_joined(words)[1:]]
        if said == [_ALL]:
            return _act(ts_ns, "COMMAND", "close_all", reduces_risk=True)
        shares = [share for share in map(_share, said) if share is not None]
        names = [word for word in said if _share(word) is None]
        if len(names) != 1 or len(shares) > 1:
            raise NotUnderstood("close is used so: close SYMBOL, close SYMBOL 50%, or close all")
        symbol, share = self._symbol(names[0]), shares[0] if shares else _WHOLE
        part = None if share == _WHOLE else share / _WHOLE
        return _act(ts_ns, "COMMAND", "close", symbol=symbol, share=part, reduces_risk=True)

    def _cancel(self, words: list[str], ts_ns: int) -> OperatorActed:
        if [word.lower() for word in words[1:]] not in ([], [_ALL]):
            raise NotUnderstood("cancel is used so: cancel all (entry orders; stops stay)")
        return _act(ts_ns, "ORDER_CANCEL", "cancel_all")

    def _stop(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) != 3:
            raise NotUnderstood(
                "stop needs a symbol and a price: stop btc 60000; to end new risk: halt"
            )
        price = amount(words[2], "price")
        symbol = self._symbol(words[1])
        return _act(ts_ns, "STOP_MODIFY", "stop", symbol=symbol, price=price, stop_new=price)

    def _halt(self, words: list[str], ts_ns: int) -> OperatorActed:
        reason = " ".join(words[1:]) or None
        return _act(ts_ns, "COMMAND", "halt", reason=reason, reduces_risk=True)

    def _style(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) < 2:
            raise NotUnderstood("style needs a reason: style I trade faster from now on")
        return _act(ts_ns, "COMMAND", "style", reason=" ".join(words[1:]), reduces_risk=True)

    def _status(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) > 1:
            raise NotUnderstood("status takes nothing after it")
        return _act(ts_ns, "COMMAND", "status", reduces_risk=True)

    def _help(self, words: list[str], ts_ns: int) -> OperatorActed:
        return _act(ts_ns, "COMMAND", "help", reduces_risk=True)

    def _step_down(self, words: list[str], ts_ns: int) -> OperatorActed:
        if _only_word(words, "step down (to the tier below)").lower() != "down":
            raise NotUnderstood("step is used so: step down (to the tier below)")
        return _act(ts_ns, "COMMAND", "step_down", reduces_risk=True)

    def _reset(self, words: list[str], ts_ns: int) -> OperatorActed:
        if len(words) < 2:
            raise NotUnderstood("reset needs a reason: what happened, and what is different now")
        return _act(ts_ns, "COMMAND", "reset", reason=" ".join(words[1:]))

    def _is_symbol(self, name: str) -> bool:
        return _spelled(name) in self._names

    def _symbol(self, name: str) -> str:
        symbol = self._names.get(_spelled(name))
        if symbol is None:
            raise NotUnderstood(
                f"no symbol {name!r} here: this run trades {', '.join(self._symbols)}"
            )
        return symbol


def not_understood(ts_ns: int, *, is_slip: bool) -> OperatorActed:
    """A line that was no command: how it was typed counts, what it said does not."""
    return OperatorActed(ts_ns, "COMMAND", parse_ok=False if is_slip else None)


def with_stop(act: OperatorActed, old: Decimal | None, entry: Decimal | None) -> OperatorActed:
    """A moved stop beside the one that rests: raising it reduces risk, lowering adds some."""
    if act.verb != "stop" or act.stop_new is None:
        return act
    tighter = old is None or act.stop_new >= old
    return replace(act, stop_old=old, entry=entry, reduces_risk=tighter)


def _go_live(line: str, ts_ns: int) -> OperatorActed:
    """The phrase as it was typed: every space and letter of it counts."""
    found = _GO_LIVE.match(line)
    if found is None:
        raise NotUnderstood("go is used so: go live PHRASE (typed exactly)")
    return _act(ts_ns, "CEREMONY_STEP", "go_live", phrase=found[1])


def _word(value: Any) -> str:
    """A field as one would type it; JSON numbers may carry an exponent."""
    if isinstance(value, float) and isfinite(value):
        return format(Decimal(str(value)), "f")
    return str(value)


def _size(words: Mapping[str, str]) -> str:
    """The amount of an intent; one that names none is sized by the gate."""
    return words.get("amount_usdt", words.get("qty", _ANY))


def _check_intent(intent: Mapping[str, Any], words: Mapping[str, str]) -> None:
    """Fields that contradict each other, or are none of the allowed words."""
    side, reduces = words.get("side", "").lower(), intent.get("reduces")
    if reduces not in (None, True, False):
        raise NotUnderstood("reduces is true or false")
    if side not in ("buy", "sell") and not (reduces and not side):
        raise NotUnderstood("side is buy or sell")
    if reduces and side == "buy":
        raise NotUnderstood("a buy reduces nothing: what is held here is held long; side is sell")
    if "qty" in words and "amount_usdt" in words:
        raise NotUnderstood("an intent names either qty or amount_usdt, not both")
    kind = words.get("type", "market").lower()
    if kind not in ("market", "limit", *ALGORITHMS):
        known = f"market, limit, {', '.join(ALGORITHMS)}"
        raise NotUnderstood(f"type is one of {known}, not {words['type']!r}")
    if (kind == "limit") != ("price" in words):
        raise NotUnderstood("a limit order has a price, the others have none")
    if side != "buy" and ("price" in words or "stop" in words or kind != "market"):
        raise NotUnderstood("a sell goes at the market for now: it takes no price and no stop")
    if "confidence" in words and not _is_fraction(words["confidence"]):
        raise NotUnderstood("confidence is a number from 0 to 1")


def _is_fraction(word: str) -> bool:
    try:
        return 0 <= Decimal(word) <= 1
    except InvalidOperation:
        return False


def _act(ts_ns: int, kind: str, verb: str, **fields: Any) -> OperatorActed:
    return OperatorActed(ts_ns, kind, verb=verb, parse_ok=True, **fields)


def _names(symbols: Sequence[str]) -> dict[str, str]:
    """Every accepted spelling: BTCUSDT always, BTC where only one symbol has that base."""
    names = {symbol.replace("/", ""): symbol for symbol in symbols}
    bases = [base_of(symbol) for symbol in symbols]
    return names | {base_of(s): s for s in symbols if bases.count(base_of(s)) == 1}


def _spelled(name: str) -> str:
    return name.upper().replace("/", "").replace("-", "")


def _percent_joined(words: list[str]) -> list[str]:
    """`50 %` is meant as `50%`."""
    joined: list[str] = []
    for word in words:
        if word == "%" and len(joined) > 1:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _only_word(words: list[str], usage: str) -> str:
    if len(words) != 2:
        raise NotUnderstood(f"{words[0]} is used so: {usage}")
    return words[1]


def _share(word: str) -> Decimal | None:
    """How much of a position in percent: `all`, `half` or such as `50%`; None: it is no share.

    Raises:
        NotUnderstood: there is no such share of a position.
    """
    if word.lower() in (_ALL, _HALF):
        return _WHOLE if word.lower() == _ALL else _WHOLE / 2
    if not word.endswith("%"):
        return None
    share = amount(word[:-1], "share")
    if share > _WHOLE:
        raise NotUnderstood(f"{word} is more than all of a position: at most 100%")
    return share
