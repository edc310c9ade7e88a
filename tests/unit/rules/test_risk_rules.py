"""`[risk]`: streak, pace, windows, the floor of a good day and breakers, as files give them."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Tier
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.errors import ConfigError
from genesis.rules import load, parse
from genesis.rules.edits import split

D = Decimal
LATER = re.compile(r"\[risk\.(streak|pace|open_risk|give_back|breakers|tiers\.\w+\.rolling)")


def test_sniper_holds_the_numbers_of_the_spec() -> None:
    risk = load("sniper").risk
    assert [(s.losses, s.share, s.pause_ns) for s in risk.streak.steps] == [
        (2, D("0.75"), 0),
        (3, D("0.5"), 30 * MINUTE),
        (4, D("0.25"), 2 * HOUR),
        (5, D(0), None),
    ]
    assert (risk.pace.orders, risk.pace.span_ns) == (40, 10 * SECOND)
    assert risk.open_risk_factor == 3
    strategy, system = risk.breakers.strategy, risk.breakers.system
    assert (strategy.losses, strategy.fall_factor, strategy.rest_ns) == (5, 3, DAY)
    assert (system.failed_orders, system.failed_span_ns) == (3, 10 * MINUTE)
    assert (system.feed_gap_ns, system.rest_ns, system.probe_usdt) == (10 * SECOND, MINUTE, 10)


def test_windows_of_days_lie_between_the_day_and_the_halt() -> None:
    for tier in Tier:
        limits = load("sniper").risk.tiers[tier]
        losses = [window.loss_usdt for window in limits.rolling]
        table = limits.drawdown
        assert [window.days for window in limits.rolling] == [7, 30]
        assert table.warning_usdt < losses[0] < losses[1] < table.halt_usdt


def test_research_has_none_of_them() -> None:
    risk = load("research").risk
    assert (risk.streak, risk.pace, risk.open_risk_factor) == (None, None, None)
    assert (risk.give_back, risk.breakers) == (None, None)
    assert not any(risk.tiers[tier].rolling for tier in Tier)


def test_texts_from_before_there_were_any_stay_readable() -> None:
    text = load("sniper").text
    tables = re.split(r"\n(?=\[)", text)
    old = parse("\n".join(one for one in tables if not LATER.match(one)))
    assert (old.risk.streak, old.risk.breakers, old.risk.give_back) == (None, None, None)
    assert not old.risk.tiers[Tier.SNIPER].rolling


def test_a_field_that_decided_nothing_is_gone_and_older_texts_still_load() -> None:
    text = load("sniper").text
    assert "clip_repeat_factor" not in text
    old = parse(text.replace("[risk]\n", "[risk]\nclip_repeat_factor = 2\n"))
    assert old.risk == load("sniper").risk
    found = split(old, text)
    assert (found.later, found.never, found.held.text) == ((), (), text)


def test_rows_that_need_confirmation_and_what_a_trade_is_are_as_before_in_older_texts() -> None:
    risk = load("sniper").risk
    assert (risk.confirmed_rows, risk.counts_unfilled) == ({"WARNING", "CRITICAL"}, False)
    text = re.sub(r"\[risk\.(confirmed|trades)\]\n[^\[]*", "", load("sniper").text)
    old = parse(text).risk
    assert (old.confirmed_rows, old.counts_unfilled) == (frozenset(), True)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[risk.streak]\nlosses = [2, 2, 4, 5]", "losses must rise"),
        ("[risk.streak]\nlosses = [2, 3]", "equally long"),
        ("[risk.streak]\nmultipliers = [0.5, 0.75, 0.25, 0]", "multipliers must not rise"),
        ("[risk.streak]\nmultipliers = [0.5, 0.25, 0, 0]", "must pause until the next"),
        ("[risk.streak]\npauses_s = [0, 1800, 7200, 60]", "must pause until the next"),
        ("[risk.streak]\npauses_s = [0, 1800, -1, 'day']", "risk.streak.pauses_s"),
        ("[risk.streak]\npauses_s = [0, 1800, 7200, 'week']", "risk.streak.pauses_s"),
        (
            "[risk.streak]\nmultipliers = [1, 1, 0, 0]\npauses_s = [0, 0, 'day', 'day']",
            "only the last multiplier may be 0",
        ),
        ("[risk.pace]\norders_max = 0", "risk.pace.orders_max must be greater than 0"),
        ("[risk.open_risk]\nfactor = 0", "risk.open_risk.factor must be greater than 0"),
        ("[risk.give_back]\nfloor_factor = 2", "floor_factor must be below armed_factor"),
        ("[risk.breakers.system]\nprobe_usdt = 'none'", "risk.breakers.system.probe_usdt"),
        ("[risk.breakers.system]\nprobes = 3", "is not a known key"),
        ("[risk.tiers.HUNTER.rolling]\ndays = [30, 7]", "days must rise"),
        ("[risk.tiers.HUNTER.rolling]\nlosses_usdt = [350, 200]", "losses_usdt must not fall"),
        ("[risk.tiers.HUNTER.rolling]\nmultipliers = [0.2, 0.5]", "multipliers must not rise"),
        ("[risk.tiers.HUNTER.rolling]\ndays = []", "risk.tiers.HUNTER.rolling.days"),
    ],
)
def test_bad_numbers_are_named(tmp_path: Path, rules: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(rules)
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(path)


def test_each_can_be_switched_off_by_saying_so(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    names = ("streak", "pace", "open_risk", "give_back", "breakers")
    off = "".join(f'{name} = "none"\n' for name in names)
    path.write_text(f'[risk]\n{off}[risk.tiers.SNIPER]\nrolling = "none"\n')
    risk = load(path).risk
    assert (risk.streak, risk.pace, risk.breakers) == (None, None, None)
    assert not risk.tiers[Tier.SNIPER].rolling
    assert risk.tiers[Tier.HUNTER].rolling
