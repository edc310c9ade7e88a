"""How much symbols move together: correlations, alerts and clusters of what is held.

Pearson's correlation of log returns over common slots, shrunk towards the identity (the idea of
Ledoit and Wolf, with a fixed intensity): rho = (1 - delta) * r. Two symbols with too few common
slots count as one: rho = 1. Sums are exact before they are rounded (`fsum`), so that the order of
events does not matter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from math import fsum, sqrt
from typing import Final, NamedTuple

from genesis.market.closes import Closes
from genesis.market.market import Market
from genesis.market.rules import CorrelationRules

Returns = Mapping[int, float]
"""Log returns by slot."""

Rho = Callable[[str, str], float]
UNKNOWN: Final = 1.0
"""Nothing speaks against two symbols being the same bet."""

_STEPS: Final = 64
_LEAST: Final = 1e-12


def correlation(first: Returns, second: Returns, rules: CorrelationRules) -> float | None:
    """rho in [-1, 1]; None where there are too few common slots or one of the two does not move."""
    common = sorted(first.keys() & second.keys())
    if len(common) < rules.common_min:
        return None
    ours, theirs = _centred([first[slot] for slot in common], [second[slot] for slot in common])
    spread = sqrt(fsum(x * x for x in ours)) * sqrt(fsum(y * y for y in theirs))
    if spread <= 0:
        return None
    found = fsum(x * y for x, y in zip(ours, theirs, strict=True)) / spread
    return (1 - rules.shrink) * max(-1.0, min(1.0, found))


def _centred(ours: list[float], theirs: list[float]) -> tuple[list[float], list[float]]:
    mean, other = fsum(ours) / len(ours), fsum(theirs) / len(theirs)
    return [x - mean for x in ours], [y - other for y in theirs]


class Pairs:
    """Correlations of any two symbols of a market, each computed again when a return joins or
    leaves its window.
    """

    __slots__ = ("_known", "_market")

    def __init__(self, market: Market) -> None:
        self._market = market
        self._known: dict[tuple[str, str], tuple[object, float | None]] = {}

    def at(self, now_ns: int) -> Rho:
        """Correlations as they are now; 1 where nothing is known of one of the two."""
        return partial(self._rho, now_ns)

    def mean(self, symbols: Iterable[str], now_ns: int) -> tuple[float, int]:
        """Mean of all measured correlations among the symbols, and how many symbols they join."""
        pairs = {pair: self._measured(now_ns, *pair) for pair in combinations(sorted(symbols), 2)}
        measured = {pair: rho for pair, rho in pairs.items() if rho is not None}
        joined = {symbol for pair in measured for symbol in pair}
        return (fsum(measured.values()) / len(measured) if measured else 0.0), len(joined)

    def _rho(self, now_ns: int, first: str, second: str) -> float:
        found = self._measured(now_ns, first, second)
        return UNKNOWN if found is None else found

    def _measured(self, now_ns: int, first: str, second: str) -> float | None:
        ours, theirs = self._closes(first), self._closes(second)
        if ours is None or theirs is None:
            return None
        pair = (first, second) if first < second else (second, first)
        finished = ours.finished + theirs.finished  # neither ever falls
        state = (finished, ours.slot_of(now_ns), ours.rules)
        known = self._known.get(pair)
        if known is None or known[0] != state:
            rho = correlation(ours.returns(now_ns), theirs.returns(now_ns), ours.rules)
            known = self._known[pair] = (state, rho)
        return known[1]

    def _closes(self, symbol: str) -> Closes | None:
        known = self._market.symbols.get(symbol)
        return None if known is None else known.closes


# -- the matrix ------------------------------------------------------------------------------
def matrix(symbols: Sequence[str], rho: Rho) -> list[list[float]]:
    """Correlations of all symbols: symmetric, ones on the diagonal, positive semidefinite.

    Pairs with different common slots, or with none, need not fit together: then all of them are
    shrunk further, as little as makes the matrix one that random numbers can have.
    """
    plain = [[1.0 if a == b else rho(a, b) for b in symbols] for a in symbols]
    if _is_semidefinite(plain):
        return plain
    low, high = 0.0, 1.0  # at 1 it is the identity
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _is_semidefinite(_shrunk(plain, middle)) else (middle, high)
    return _shrunk(plain, high)


def _shrunk(rows: list[list[float]], delta: float) -> list[list[float]]:
    return [
        [one if i == j else (1 - delta) * one for j, one in enumerate(row)]
        for i, row in enumerate(rows)
    ]


def _is_semidefinite(rows: list[list[float]]) -> bool:
    """Cholesky's decomposition goes through, up to rounding."""
    size = len(rows)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i):
            if root[j][j] <= 0:
                return False
            left = rows[i][j] - fsum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = left / root[j][j]
        rest = rows[i][i] - fsum(root[i][k] ** 2 for k in range(i))
        if rest < _LEAST:
            return False
        root[i][i] = sqrt(rest)
    return True


# -- what is held ----------------------------------------------------------------------------
def cluster(symbol: str, held: Iterable[str], rho: Rho, rules: CorrelationRules) -> frozenset[str]:
    """The symbols of `held` that are one bet with `symbol`, directly or through each other.

    `symbol` itself is one of them, held or not.
    """
    others = {one for one in held if one != symbol}
    found, edge = {symbol}, [symbol]
    while edge:
        one = edge.pop()
        near = {other for other in others - found if rho(one, other) > rules.cluster_above}
        found |= near
        edge += sorted(near)
    return frozenset(found)


class Together(NamedTuple):
    """Two open positions move together (`raised`), or no longer do."""

    first: str
    second: str
    rho: float
    raised: bool


class PairAlerts:
    """Which pairs of open positions an alert stands for; every change is told once."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised: set[tuple[str, str]] = set()

    def judge(self, held: Iterable[str], rho: Rho, rules: CorrelationRules) -> tuple[Together, ...]:
        """Alerts that are raised or cleared now. A pair that is not held any more is forgotten."""
        pairs = list(combinations(sorted(held), 2))
        self.raised &= set(pairs)
        changes: list[Together] = []
        for first, second in pairs:
            found, pair = rho(first, second), (first, second)
            if pair in self.raised and found < rules.clear_below:
                self.raised.remove(pair)
                changes.append(Together(first, second, found, raised=False))
            elif pair not in self.raised and found > rules.alert_above:
                self.raised.add(pair)
                changes.append(Together(first, second, found, raised=True))
        return tuple(changes)
