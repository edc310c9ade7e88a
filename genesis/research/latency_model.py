"""How long news, orders and answers took, from the stamps of orders of our own.

Our clock and the venue's are not the same. Of one order the way there and back together is
measured exactly; where it splits depends on how far the clocks are apart. No message arrives before
it was sent, so the quickest messages bound that distance from both sides; the middle is taken, as
if the quickest way there and the quickest way back took equally long (as NTP does: Mills 1991,
"Internet Time Synchronization"). Half the width is what either way may be wrong by, at most.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.analytics.reliability import SAMPLES_MIN, Reliability, share_reliability
from genesis.analytics.values import NoValue
from genesis.domain.time import MILLISECOND
from genesis.research.own_orders import OwnOrders
from genesis.research.style import Card, Shown, cards, note
from genesis.research.tables import Table
from genesis.sim.latency import LONGEST_NS, SampledLatency, thinned

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PARTS: Final = ("feed", "entry", "response")
_NO_NEWS: Final = (
    "of this home no more than {} orders were decided on market news: feed counts as 0; the "
    "operator's own orders have none"
)


@dataclass(frozen=True, slots=True, eq=False)
class LatencyModel:
    """What `backtest(..., latency=model)` draws from.

    sampled: the latencies. counts: how many of each part were measured. offset_ns: how far the
    venue's clock is before ours; either way may be wrong by `doubt_ns`, their sum is not.
    reliability: by part; a `NoValue` where it could not be checked.
    """

    sampled: SampledLatency
    counts: dict[str, int]
    offset_ns: int
    doubt_ns: int
    reliability: dict[str, Reliability | NoValue]

    @property
    def is_reliable(self) -> bool:
        """Did later messages take as long as the older ones, in every part that was checked?"""
        found = [one for one in self.reliability.values() if isinstance(one, Reliability)]
        return all(one.is_reliable for one in found)

    @property
    def table(self) -> pd.DataFrame:
        """One row per part: messages, and quantiles in ms."""
        rows = []
        for part in PARTS:
            of = self._ms(part)
            marks = np.quantile(of, (0.5, 0.9, 0.99), method="inverted_cdf")
            rows.append((part, self.counts[part], *map(float, marks), float(of.max())))
        names = ["part", "messages", "median_ms", "p90_ms", "p99_ms", "longest_ms"]
        return Table(rows, columns=names)

    def _ms(self, part: str) -> npt.NDArray[np.float64]:
        return np.array(getattr(self.sampled, f"{part}_ns"), dtype=np.float64) / MILLISECOND

    def plot(self) -> "Figure":
        """Of each part the share of messages that took at most so long."""
        from genesis.research.execution_figures import latency_figure

        return latency_figure({part: self._ms(part) for part in PARTS})

    def shown(self) -> Shown:
        """The parts as cards, and what was found of later messages."""
        told = zip(PARTS, self.table["median_ms"], self.table["p99_ms"], strict=True)
        above = cards(
            [
                Card(part, f"{middle:,.1f} ms", f"99 % within {late:,.1f} ms")
                for part, middle, late in told
            ]
        )
        below = note("\n".join(self._words()))
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")

    def _words(self) -> list[str]:
        said = [
            f"{part}: {one.words if isinstance(one, Reliability) else one.reason}"
            for part, one in self.reliability.items()
        ]
        offset, doubt = self.offset_ns / MILLISECOND, self.doubt_ns / MILLISECOND
        clocks = (
            f"clocks: the venue's is {offset:+,.1f} ms from ours, ± {doubt:,.1f} ms; one "
            "way may be wrong by so much, there and back together is not"
        )
        return [*said, clocks]

    def __repr__(self) -> str:
        return self.shown().plain

    def __str__(self) -> str:
        """What it draws from, in a line: so a trial is counted under it."""
        return repr(self.sampled)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def fit_latency(orders: OwnOrders) -> LatencyModel | NoValue:
    """The latencies of orders of our own; a `NoValue` says why there are none.

    entry: from when an order was written down until the venue accepted it. response: from there,
    and from each fill, until it was heard. feed: from a market event at the venue until the engine
    had acted on it. Orders that were recovered, in doubt, or went in a request with another are
    left out.
    """
    told = [one for one in orders.orders if one.is_clean and one.accepted_ns and one.heard_ns]
    if len(told) < SAMPLES_MIN:
        return NoValue(
            f"{len(told)} orders with stamps of both clocks, at least {SAMPLES_MIN} are needed"
        )
    sent = np.array([one.sent_ns for one in told])
    accepted = np.array([one.accepted_ns for one in told])
    fills = [(fill.heard_ns, fill.ts_ns) for one in told for fill in one.fills]
    heard = [(one.heard_ns or 0, one.accepted_ns or 0) for one in told]
    answers = np.array(sorted({*heard, *fills}))
    news = np.array([(one.heard_ns, one.ts_ns) for one in orders.news]).reshape(-1, 2)
    there = accepted - sent
    back = np.concatenate((answers, news))
    back = back[:, 0] - back[:, 1]
    doubled = int(there.min() + back.min())
    if doubled < 0:
        return NoValue(
            f"the clocks do not fit: some answers came {-doubled / MILLISECOND:,.1f} ms too early. "
            "The venue's clock did not run as ours did (that of a demo never does): a shorter span "
            "(start, end) may fit"
        )
    offset = int(there.min() - back.min()) // 2
    entry, response = there - offset, answers[:, 0] - answers[:, 1] + offset
    feed = news[:, 0] - news[:, 1] + offset
    has_news = len(feed) >= SAMPLES_MIN
    samples = {"feed": feed if has_news else np.zeros(1), "entry": entry, "response": response}
    longest = max(int(each.max()) for each in samples.values())
    if longest > LONGEST_NS:
        return NoValue(
            f"a message took {longest / LONGEST_NS:,.1f} hours: the stamps cannot be used"
        )
    reliability: dict[str, Reliability | NoValue] = {
        part: share_reliability(each.astype(np.float64)) for part, each in samples.items()
    }
    if not has_news:
        reliability["feed"] = NoValue(_NO_NEWS.format(len(feed)))
    return LatencyModel(
        SampledLatency(*(thinned(map(int, samples[part])) for part in PARTS)),
        {"feed": len(feed), "entry": len(entry), "response": len(response)},
        offset,
        doubled // 2,
        reliability,
    )
