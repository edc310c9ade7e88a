"""Every shipped strategy is on show: it says what it must, and works and fails where it should."""

import pytest

from genesis.errors import UsageError
from genesis.research import trials
from genesis.research.exhibit import exhibit
from genesis.research.exhibited import SAYS
from genesis.research.exhibits import SCENES
from genesis.strategy.catalog import builtin


def test_every_shipped_strategy_is_on_show():
    assert sorted(SCENES) == list(builtin().names)


@pytest.mark.parametrize("name", SCENES)
def test_it_says_its_premise_its_costs_and_when_it_fails(name: str):
    says = exhibit(name).says
    assert tuple(says) == SAYS
    assert all(len(text) > 25 for text in says.values())


QUICK = ("donchian", "simple_arb")
"""Of bars and of books; all the others are run by the notebook that shows them."""


@pytest.mark.parametrize(
    "name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.long) for one in SCENES]
)
def test_it_earns_where_it_works_and_loses_where_it_fails(name: str):
    shown = exhibit(name)
    works, fails = shown.works, shown.fails
    assert works.metrics["return_fraction"] > 0 > fails.metrics["return_fraction"]
    assert min(len(works.trades), len(fails.trades)) >= 5
    assert works.metrics["pnl_usdt"] > 0 > fails.metrics["pnl_usdt"]
    bundle = shown._repr_mimebundle_()
    for text in (shown.scenes.works.words, shown.scenes.fails.words, "made for this picture"):
        assert text in bundle["text/html"]
    assert "nan" not in bundle["text/html"]
    assert "`" not in bundle["text/html"] + bundle["text/plain"]
    assert ("<code>taker_bps</code>" in bundle["text/html"]) == ("`taker_bps`" in str(shown.says))
    figure = shown.plot()
    accounts = [trace for trace in figure.data if trace.name == "equity"]
    assert [len(trace.x) > 20 for trace in accounts] == [True, True]
    assert sum(trace.name == "entry" for trace in figure.data) == 2
    assert trials(name).empty


def test_an_unknown_one_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="sma_cross"):
        exhibit("crystal_ball")
