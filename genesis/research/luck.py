"""How much of a result is luck: the statistics of `genesis.analytics`, showing themselves.

pbo(sweep_returns)                               # did picking the best carry over?
signal_permutation(positions, closes)            # does the signal know the next bar?
shuffled(trades["pnl"], start=500, floor=0.5)    # how deep could these trades have fallen?
resampled(trades["pnl"], start=500, target=2)    # how wide is the future they describe?
"""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from genesis import analytics
from genesis.analytics import NoValue, Resampled, Selection, Shuffled, SignalOdds
from genesis.analytics.blocks import DRAWS
from genesis.analytics.permutation import How
from genesis.analytics.selection import BLOCKS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from genesis.research.style import Card, Shown

_CARRIES: Final = 0.1
_NOISE: Final = 0.4
_SURE: Final = 0.05


class _Face:
    """A record that shows itself as a few cards and a sentence."""

    __slots__ = ()

    def _cards(self) -> "list[Card]":
        raise NotImplementedError

    def _words(self) -> str:
        raise NotImplementedError

    def shown(self) -> "Shown":
        """The figures, and what they do not tell."""
        from genesis.research.style import Shown, cards, note

        parts = (cards(self._cards()), note(self._words()))
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


class Overfitting(_Face, Selection):
    """The probability of backtest overfitting, a number; see `genesis.analytics.Selection`."""

    def _cards(self) -> "list[Card]":
        from genesis.research.style import Card, share

        slope = f"{self.slope:+.2f}".replace("-", "−")
        return [
            Card("probability of overfitting", share(self.pbo), *_carried(self.pbo)),
            Card("then lost", share(self.loss_probability), "the best of one half, in the other"),
            Card("slope", slope, "of its Sharpe ratio there over the one here; 1 carries over"),
        ]

    def _words(self) -> str:
        return (
            f"{self.trials:,} trials over {self.rows:,} periods, {self.splits:,} ways to halve "
            f"{self.blocks} blocks. It tells whether picking the best carried over, not whether "
            "the best earns: that is the deflated Sharpe ratio. Every trial must be among them."
        )

    def plot(self) -> "Figure":
        """Where the best of one half ranked in the other."""
        from genesis.research.luck_figures import histogram

        told = f"PBO {self.pbo:.2f}: the share at the median or below; level where it is noise"
        ranks = 1.0 / (1.0 + np.exp(-self.logits))
        return histogram(ranks, "Where the best of one half ranks", told,
                         "rank in the other half, 1 is the best", {"median": 0.5})  # fmt: skip


class SignalLuck(_Face, SignalOdds):
    """A signal among others like it; see `genesis.analytics.SignalOdds`."""

    __slots__ = ()

    def _cards(self) -> "list[Card]":
        from genesis.research.style import Card, signed

        is_sure = self.p_value <= _SURE
        words = "few signals like it did as well" if is_sure else "signals like it do as well"
        return [
            Card("edge of a bar", f"{signed(self.edge_fraction * 1e4)} bps", "above the drift"),
            Card("p-value", f"{self.p_value:.3f}", words, "up" if is_sure else ""),
            Card("bars", f"{self.bars:,}", f"{self.drawn.size:,} others, {self.how} in time"),
        ]

    def _words(self) -> str:
        return (
            "A position decided at a close earns from there to the next close. Costs are left out, "
            "and a p-value knows nothing of other signals that were tried before."
        )

    def plot(self) -> "Figure":
        """The signal among the others."""
        from genesis.research.luck_figures import histogram

        return histogram(self.drawn * 1e4, "The signal among others like it",
                         f"p {self.p_value:.3f}", "edge of a bar, bps",
                         {"the signal": self.edge_fraction * 1e4})  # fmt: skip


class ShuffledTrades(_Face, Shuffled):
    """The same trades in other orders; see `genesis.analytics.Shuffled`."""

    __slots__ = ()

    def _cards(self) -> "list[Card]":
        from genesis.research.style import Card, share

        typical, bad = -np.quantile(self.drawdowns, (0.5, 0.05))
        long, own = int(np.quantile(self.underwater, 0.95)), share(-self.drawdown_fraction)
        found = [
            Card("deepest fall", share(typical), f"half of the orders; as it happened {own}"),
            Card("deeper still", share(bad), "one order in twenty"),
            Card("under water", f"{long:,} trades", f"one in twenty; was {self.underwater_trades}"),
        ]
        if self.ruin_fraction is not None:
            words = f"± {share(self.ruin_error)}: met {share(self.floor)} of the start"
            found.append(Card("ruin", share(self.ruin_fraction), words))
        return found

    def _words(self) -> str:
        return (
            f"The same {self.trades:,} trades in {self.drawdowns.size:,} orders. Every order ends "
            f"with {self.wealth:.3f} times the start, so this tells of the path alone: not of the "
            "end, and not whether there is an edge."
        )

    def plot(self) -> "Figure":
        """How deep each order fell."""
        from genesis.research.luck_figures import histogram

        marks = {"as it happened": -self.drawdown_fraction}
        return histogram(-self.drawdowns, "The same trades in other orders", "deepest fall",
                         "fraction of the peak", marks)  # fmt: skip


class ResampledTrades(_Face, Resampled):
    """Accounts that draw their trades from these; see `genesis.analytics.Resampled`."""

    __slots__ = ()

    def _cards(self) -> "list[Card]":
        from genesis.research.style import Card, share

        low, middle, high = np.quantile(self.wealth, (0.05, 0.5, 0.95))
        found = [
            Card("wealth", f"{middle:.2f} ×", f"of the start after {self.horizon:,} trades"),
            Card("nine in ten", f"{low:.2f} – {high:.2f} ×", f"was {self.actual_wealth:.2f} ×"),
        ]
        for name, line, met in (
            ("target first", self.target, self.target_fraction),
            ("floor first", self.floor, self.floor_fraction),
        ):
            if line is not None:
                words = f"± {share(self.error)}: {line:g} × the start"
                found.append(Card(name, share(met), words))
        return found

    def _words(self) -> str:
        return (
            f"Trades drawn again from these {self.trades:,}, {self.wealth.size:,} times. The run "
            "lies in the middle by construction: this cannot tell whether its trades were luck, "
            "and no draw loses more in a trade than the worst one seen."
        )

    def plot(self) -> "Figure":
        """What the accounts are worth at the end."""
        from genesis.research.luck_figures import histogram

        return histogram(self.wealth, "What accounts that trade like this end with",
                         f"after {self.horizon:,} trades", "times the start",
                         {"as it happened": self.actual_wealth})  # fmt: skip


def pbo(trial_returns: npt.ArrayLike, blocks: int = BLOCKS) -> Overfitting | NoValue:
    """`genesis.analytics.pbo` that shows itself; a number all the same. Raises UsageError."""
    found = analytics.pbo(trial_returns, blocks)
    return found if isinstance(found, NoValue) else Overfitting(**_parts(found))


def signal_permutation(
    positions: npt.ArrayLike,
    closes: npt.ArrayLike,
    *,
    how: How = "rotated",
    apart: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> SignalLuck | NoValue:
    """`genesis.analytics.signal_permutation` that shows itself. Raises UsageError."""
    found = analytics.signal_permutation(
        positions, closes, how=how, apart=apart, draws=draws, seed=seed
    )
    return found if isinstance(found, NoValue) else SignalLuck(**_parts(found))


def shuffled(
    results: npt.ArrayLike,
    *,
    start: float | None = None,
    floor: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> ShuffledTrades | NoValue:
    """`genesis.analytics.shuffled` that shows itself. Raises UsageError."""
    found = analytics.shuffled(results, start=start, floor=floor, draws=draws, seed=seed)
    return found if isinstance(found, NoValue) else ShuffledTrades(**_parts(found))


def resampled(
    results: npt.ArrayLike,
    *,
    start: float | None = None,
    horizon: int | None = None,
    target: float | None = None,
    floor: float | None = None,
    block: float = 1.0,
    draws: int = DRAWS,
    seed: int = 0,
) -> ResampledTrades | NoValue:
    """`genesis.analytics.resampled` that shows itself. Raises UsageError."""
    found = analytics.resampled(
        results, start=start, horizon=horizon, target=target, floor=floor, block=block,
        draws=draws, seed=seed,
    )  # fmt: skip
    return found if isinstance(found, NoValue) else ResampledTrades(**_parts(found))


def _parts(found: Selection | SignalOdds | Shuffled | Resampled) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in fields(found)}


def _carried(share: float) -> tuple[str, str]:
    """What a probability of overfitting says, and its mood."""
    if share < _CARRIES:
        return "picking the best carried over", "up"
    if share < _NOISE:
        return "picking the best carried over in part", ""
    return "picking the best was noise", "down"
