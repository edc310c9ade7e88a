"""What the venue says against our key, from a refusal until it takes the key again. Pure."""

from collections.abc import Mapping

from genesis.exchange.classify import Answer
from genesis.exchange.weights import is_order


class KeyTrouble:
    """problem: why the venue takes nothing from our key, in words; None: it does.

    words: what each code of the venue's says against a key.
    """

    def __init__(self, words: Mapping[int, str]) -> None:
        self._words = words
        self._is_of_trading = False
        self.problem: str | None = None

    def heed(self, endpoint: str, answer: Answer) -> None:
        """One answer to a signed request for trading; the wallet has permissions of its own."""
        if not endpoint.startswith("private"):
            return
        trades = is_order(endpoint) or "Delete" in endpoint
        why = None if answer.code is None else self._words.get(answer.code)
        if why is not None:
            self._is_of_trading = trades
            self.problem = f"the venue refuses our key: {why} ({answer.told()})"
        elif answer.is_ok and (trades or not self._is_of_trading):
            self.problem = None

    def fits(self) -> None:
        """The venue says that the key may trade."""
        self.problem = None
