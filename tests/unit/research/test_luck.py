"""What notebooks call shows itself, says what it cannot tell, and is the same number."""

import numpy as np
import pytest

from genesis import analytics, research
from genesis.analytics import NoValue


def sweep(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (200, 6))


def closes() -> np.ndarray:
    return 100 * np.cumprod(1 + sweep(2)[:, 0])


ASKED = {
    "pbo": lambda room: room.pbo(sweep(), 8),
    "signal_permutation": lambda room: room.signal_permutation(sweep()[:, 1], closes(), apart=9),
    "shuffled": lambda room: room.shuffled(sweep()[:, 0], floor=0.9, draws=200, seed=4),
    "resampled": lambda room: room.resampled(
        sweep()[:, 0] * 500,
        start=500,
        horizon=60,
        target=1.1,
        floor=0.9,
        block=2,
        draws=200,
        seed=4,
    ),
}
SAYS = {
    "pbo": ("probability of overfitting", "not whether the best earns"),
    "signal_permutation": ("p-value", "Costs are left out"),
    "shuffled": ("deepest fall", "not whether there is an edge"),
    "resampled": ("target first", "in the middle by construction"),
}


@pytest.mark.parametrize("name", ASKED)
def test_it_shows_itself_and_says_what_it_cannot_tell(name):
    found = ASKED[name](research)
    bundle = found._repr_mimebundle_()
    for words in SAYS[name]:
        assert words in bundle["text/html"]
        assert words in bundle["text/plain"]
    assert "<" not in bundle["text/plain"]
    assert repr(found) == bundle["text/plain"]
    assert "nan" not in bundle["text/html"]


@pytest.mark.parametrize("name", ASKED)
def test_it_is_the_same_result_as_the_pure_one(name):
    shown, pure = ASKED[name](research), ASKED[name](analytics)
    for part in type(pure).__dataclass_fields__:
        assert np.array_equal(getattr(shown, part), getattr(pure, part)), part


@pytest.mark.parametrize("name", ASKED)
def test_it_draws_all_of_its_distribution(name):
    figure = ASKED[name](research).plot()
    assert sum(figure.data[0].y) == pytest.approx(1.0)
    assert len(figure.layout.shapes) == 1  # the mark
    assert figure.layout.template.layout.font.family.startswith('"Iowan')


def test_the_probability_of_overfitting_is_a_number():
    found = research.pbo(sweep(), 8)
    assert found == analytics.pbo(sweep(), 8).pbo
    assert 0 <= found <= 1
    assert f"{found:.3f}" == f"{found.pbo:.3f}"


@pytest.mark.parametrize(
    ("edge", "words"), [(0.0, "was noise"), (0.02, "picking the best carried over")]
)
def test_it_is_put_into_words(edge, words):
    sample = sweep(3)
    sample[:, 2] += edge
    assert words in repr(research.pbo(sample, 8))


def test_a_signal_that_knows_is_told_from_one_that_does_not():
    prices = closes()
    knows = np.append(np.diff(prices), 0.0)
    assert "few signals like it" in repr(research.signal_permutation(knows, prices))
    assert "signals like it do as well" in repr(research.signal_permutation(-knows, prices))


def test_no_value_stays_one():
    assert isinstance(research.pbo(sweep()[:, :1]), NoValue)
    assert isinstance(research.shuffled([0.1]), NoValue)
    assert isinstance(research.resampled([0.1]), NoValue)
    assert isinstance(research.signal_permutation([1.0], [1.0]), NoValue)


@pytest.mark.parametrize(
    "name", ["psr", "deflated_sharpe", "min_track_record", "reality_check", "superior_ability"]
)
def test_the_others_are_the_pure_ones(name):
    assert getattr(research, name) is getattr(analytics, name)
