"""A check shows what was asked, what was found and what to do."""

import pytest

from genesis.research import CheckResult, Ticks, check
from tests.support import planted_strategies as planted
from tests.support.tied_markets import tied_ticks


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return tied_ticks(5_000)


@pytest.fixture(scope="module")
def leaking(ticks: Ticks) -> CheckResult:
    return check(planted.Ahead, ticks, guards=("lookahead",))


def test_a_finding_stands_with_its_moment_and_its_remedy(leaking: CheckResult) -> None:
    told = repr(leaking)
    assert told.startswith("Ahead   failed")
    assert "found lookahead at 2024-01-01T00:" in told
    assert "      do: decide on what was known at that moment" in told
    assert "passing is no proof" in told
    assert max(map(len, told.splitlines())) <= 100


def test_the_table_has_a_row_for_each_guard(leaking: CheckResult) -> None:
    table = leaking.table
    assert list(table.columns) == ["guard", "asks", "verdict", "compared", "told"]
    assert list(table["guard"]) == ["errors", "lookahead"]
    assert list(table["verdict"]) == ["passed", "failed"]
    assert (table["compared"] > 0).all()


def test_a_notebook_shows_it(leaking: CheckResult) -> None:
    bundle = leaking._repr_mimebundle_()
    assert 'class="gn-card down"' in bundle["text/html"]
    assert "the same without the future, and with another?" in bundle["text/html"]
    assert bundle["text/plain"] == repr(leaking)


def test_what_passes_says_on_what(ticks: Ticks) -> None:
    seen: list[tuple[str, int, int]] = []
    result = check(
        "sma_cross",
        ticks,
        params={"fast": 2, "slow": 4},
        guards=("lookahead", "ties"),
        progress=lambda guard, done, runs: seen.append((guard, done, runs)),
    )
    assert result.passed and not result.findings
    told = " ".join(repr(result).split())
    assert told.startswith("sma_cross passed") and repr(ticks) in told
    assert [guard for guard, done, _ in seen if done == 0][:2] == ["errors", "lookahead"]
    assert ("ties", 3, 4) in seen
