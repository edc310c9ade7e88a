"""Pages that are owed: one sentence says how many, and what each is for."""

import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.events import OperatorActed
from genesis.service.api.discipline_bodies import TierPath
from genesis.service.api.models import TiltStatus
from genesis.service.api.owed import pages_owed, sentence
from tests.flows.test_interventions import PAGE, at_score, override
from tests.flows.test_interventions import page as written
from tests.support.engines import Bench
from tests.unit.service.test_discipline_shapes import Told

FOR_HALT = "for the reset of the halt"
FOR_TILT = "for the pause of tilt (WARNING)"


@pytest.mark.parametrize(
    ("owed", "told"),
    [
        ((), ""),
        (("for an override",), "1 page is owed, for an override"),
        (
            (FOR_TILT, FOR_HALT),
            f"2 pages are owed: one {FOR_TILT}, one {FOR_HALT}; each wants a text of its own",
        ),
    ],
)
def test_a_sentence_counts_the_pages_and_says_what_each_is_for(
    owed: tuple[str, ...], told: str
) -> None:
    assert sentence(owed) == told


def test_pages_of_tilt_of_overrides_and_of_a_halt_are_told_together() -> None:
    bench = Bench()
    assert pages_owed(bench.engine) == {"owed": 0, "later": 0, "told": ""}
    at_score(bench, 65)
    assert override(bench, PAGE).accepted
    bench.act("halt", reason="enough", symbol=None, reduces_risk=True)
    while bench.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank:
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    level = bench.engine.state.tilt.state.level.value
    told = f"one for the pause of tilt ({level}), one for an override, one {FOR_HALT}"
    owed = pages_owed(bench.engine)
    assert owed["told"] == f"3 pages are owed: {told}; each wants a text of its own"
    assert (owed["owed"], owed["later"]) == (3, 2)
    for left in (2, 1, 0):  # in the order in which they are told
        written(bench, f"{left:x}" * 64)
        assert pages_owed(bench.engine)["owed"] == left
        assert (FOR_HALT in pages_owed(bench.engine)["told"]) is (left > 0)


def test_every_shape_tells_the_same_sentence() -> None:
    bench = Bench()
    bench.act("halt", reason="enough", symbol=None, reduces_risk=True)
    shapes = Told(bench).shapes
    path, tilt = shapes.tier_path(), shapes.tilt()
    TierPath.model_validate(path)
    TiltStatus.model_validate(tilt)
    assert path["pages"] == tilt["pages"] == pages_owed(bench.engine)
    assert tilt["pages"]["told"] == f"1 page is owed, {FOR_HALT}"
