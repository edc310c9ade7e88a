from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType
from genesis.errors import ConfigError
from genesis.rules import known, load, parse
from tests.support.old_rules import text_before_own_doing, text_before_the_course


@pytest.mark.parametrize("name", ["sniper", "research"])
def test_the_stored_text_alone_makes_the_same_rules(name: str) -> None:
    rules = load(name)
    assert rules.name == name
    assert rules.sha256 == sha256(rules.text.encode()).hexdigest()
    assert parse(rules.text) == rules


def test_sniper_holds_the_numbers_of_the_spec() -> None:
    rules = load("sniper")
    risk, sniper = rules.risk, rules.risk.tiers[Tier.SNIPER]
    assert {tier: risk.tiers[tier].ceiling_usdt for tier in Tier} == {
        Tier.SNIPER: 2000,
        Tier.HUNTER: 10_000,
        Tier.STRATEGIST: 100_000,
        Tier.ARCHITECT: None,
    }
    assert [risk.tiers[tier].risk_fraction for tier in Tier] == [
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal("0.0075"),
        Decimal("0.005"),
    ]
    assert [risk.tiers[tier].exposure_fraction for tier in Tier] == [
        Decimal("0.05"),
        Decimal("0.25"),
        Decimal("0.5"),
        Decimal("0.6"),
    ]
    assert [risk.tiers[tier].max_trades_per_day for tier in Tier] == [10, 20, 40, 80]
    assert sniper.position_fraction == Decimal("0.05")
    table = {tier: risk.tiers[tier].drawdown for tier in Tier}
    assert [
        (row.info_usdt, row.warning_usdt, row.critical_usdt, row.halt_usdt)
        for row in table.values()
        if row is not None
    ] == [
        (10, 25, 50, 75),
        (50, 100, 300, 400),
        (200, 500, 1500, 2000),
        (1000, 3000, 8000, 12000),
    ]
    assert risk.slippage_fraction == Decimal("0.0005")
    assert risk.taker_fee_fraction == Decimal("0.001")
    assert risk.daily_loss_fraction == Decimal("0.15")
    assert (risk.confirm_marks, risk.confirm_span_ns) == (3, 2_000_000_000)
    assert risk.min_notional_margin_fraction == Decimal("0.01")
    assert rules.execution.default_stop_fraction == Decimal("0.02")
    assert rules.execution.fee_asset == "received"
    assert rules.tiers.opening_tier is Tier.SNIPER
    assert rules.tiers.modes[TierMode.EMERGENCY].cap_usdt == 10
    assert rules.tiers.features[Tier.SNIPER].order_types == {OrderType.MARKET, OrderType.LIMIT}


def test_research_is_permissive() -> None:
    rules = load("research")
    assert rules.tiers.opening_tier is Tier.ARCHITECT
    assert rules.execution.fee_asset == "quote"
    assert rules.execution.default_stop_fraction is None
    assert rules.risk.daily_loss_fraction is None
    for tier in Tier:
        limits = rules.risk.tiers[tier]
        assert limits.drawdown is None
        assert limits.max_trades_per_day is None
        assert limits.position_fraction == limits.exposure_fraction == 1
    assert rules.tilt == load("sniper").tilt


def test_money_is_never_a_float() -> None:
    rules = load("sniper")
    for tier in Tier:
        for value in (rules.risk.tiers[tier].risk_fraction, rules.tiers.features[tier].floor_usdt):
            assert type(value) is Decimal


def test_a_file_is_laid_over_the_base_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[risk.tiers.SNIPER]\nposition_fraction = 0.02\n")
    mine, sniper = load(path), load("sniper")
    assert mine.name == "mine"
    assert mine.risk.tiers[Tier.SNIPER].position_fraction == Decimal("0.02")
    assert mine.risk.tiers[Tier.HUNTER] == sniper.risk.tiers[Tier.HUNTER]
    assert mine.sha256 != sniper.sha256
    assert parse(mine.text) == mine == load(str(path))


def test_comments_order_and_spelling_of_a_number_do_not_change_the_hash(tmp_path: Path) -> None:
    one, other = tmp_path / "a.toml", tmp_path / "b.toml"
    one.write_text("name='x'\n[risk]\nslippage_bps = 7\nconfirm_marks = 4\n")
    other.write_text("# mine\nname='x'\nrisk.confirm_marks = 4\nrisk.slippage_bps = 7.0\n")
    assert load(one).sha256 == load(other).sha256


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert known() == ("research", "sniper")
    with pytest.raises(ConfigError, match=r"'snipper': known are research, sniper"):
        load("snipper")


BAD = [
    ("[risk]\nlucky_number = 7", "risk.lucky_number is not a known key"),
    ("[tilt.levels]\nwarnin_enter = 7", "tilt.levels.warnin_enter is not a known key"),
    ("[risk]\nslippage_bps = -1", "risk.slippage_bps must be greater than or equal to 0, not -1"),
    ("[risk]\nslippage_bps = '5'", "risk.slippage_bps must be a number, not '5'"),
    ("[risk]\nslippage_bps = nan", "risk.slippage_bps must be a finite number"),
    ("[risk]\nslippage_bps = true", "risk.slippage_bps must be a number"),
    ("[risk]\nconfirm_marks = 1.5", "risk.confirm_marks must be a whole number, not 1.5"),
    ("[risk]\nconfirm_marks = true", "risk.confirm_marks must be a whole number"),
    ("risk = 1", "risk must be a table"),
    (
        "[tilt.learning]\nscore_max = 80",
        "tilt learning.score_max must be below levels.locked_enter",
    ),
    (
        "[tiers.modes.HALTED]\nmultiplier = 0.1",
        "tiers.modes the multiplier of OPENING48 and HALTED must be 0",
    ),
    (
        "[tiers.modes.OPENING48]\nmultiplier = 1",
        "tiers.modes the multiplier of OPENING48 and HALTED must be 0",
    ),
    ("[tilt.recovery.points]\nkept = 2", "tilt.recovery.points.kept must be less than or equal"),
    ("[tilt.behaviour.pride]\nwins_min_count = 0", "tilt.behaviour.pride.wins_min_count must be"),
    (
        "[risk.tiers.SNIPER]\nposition_fraction = 5",
        "risk.tiers.SNIPER.position_fraction must be less than or equal to 1, not 5",
    ),
    (
        "[risk.tiers.SNIPER.drawdown]\nhalt_total_usdt = 40",
        "critical_total_usdt must be below halt_total_usdt",
    ),
    ("[risk.tiers.SNIPER]\ndrawdown = 'off'", "risk.tiers.SNIPER.drawdown must be a table"),
    ("[tiers]\nopening_tier = 'WIZARD'", "tiers.opening_tier must be one of SNIPER"),
    ("[tiers.modes.ACTIVE]\nmultiplier = 2", "tiers.modes.ACTIVE.multiplier must be less"),
    ("[tiers.features.HUNTER]\nfloor_usdt = 100", "floor_usdt must rise from tier to tier"),
    ("[tilt.levels]\nlocked_enter = 50", "caution_enter < warning_enter < locked_enter"),
    ("[tilt.score]\nanchors = [[0, 40], [1, 30]]", "anchors must rise"),
    ("[tilt.score]\nanchors = [[0, 40]]", "must reach the score 100"),
    ("[execution]\nfee_asset = 'gold'", "execution.fee_asset must be 'received' or 'quote'"),
    ("name = 5", "name must be a text"),
    ("[risk\n", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_file_ends_in_one_line_with_file_key_and_reason(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert said in message
    assert str(path) in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for path, said in (
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "Is a directory"),
        (tmp_path / "bytes.toml", "not UTF-8"),
    ):
        with pytest.raises(ConfigError, match=said):
            load(path)


def test_a_text_with_a_table_missing_is_refused() -> None:
    text = load("sniper").text
    without = text.replace("[tilt.recovery]", "[tilt.recoverie]")
    with pytest.raises(ConfigError, match=r"tilt\.recover"):
        parse(without)
    with pytest.raises(ConfigError, match="risk is missing"):
        parse("name = 'empty'")


def test_texts_from_before_anybody_asked_whose_doing_it_was_stay_readable() -> None:
    old, now = parse(text_before_own_doing(load("sniper").text)).tilt, load("sniper").tilt
    assert old.behaviour and now.behaviour
    assert (old.behaviour.own_doing, old.recovery.points_kept) == (False, None)
    assert (now.behaviour.own_doing, now.recovery.points_kept) == (True, 0.5)
    assert old.behaviour.wins_min == now.behaviour.wins_min == 2


def test_every_missing_key_is_noticed() -> None:
    lines = load("sniper").text.splitlines()
    for i, line in enumerate(lines):
        if " = " in line:
            with pytest.raises(ConfigError, match="is missing"):
                parse("\n".join(lines[:i] + lines[i + 1 :]))


def test_a_broken_base_file_is_named_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis.rules.book import bind, read

    folder = files("genesis.rules")
    names = ("trading_rules.toml", "tier_gates.toml", "tilt.toml", "rulebooks/sniper.toml")
    sources = [read(name, folder.joinpath(name).read_text()) for name in names]
    sources[1].document["tiers"]["readvance_days"] = Decimal(-1)
    with pytest.raises(ConfigError, match=r"tier_gates\.toml: tiers\.readvance_days"):
        bind(sources)


def test_texts_from_before_there_were_evaluations_and_overrides_stay_readable() -> None:
    now = load("sniper")
    old = parse(text_before_the_course(now.text))
    assert old.text == text_before_the_course(now.text)
    assert (old.tiers.course, old.tilt.override, dict(old.tilt.fixed)) == (None, None, {})
    assert old.tiers.gates[Tier.SNIPER].ceremony is None
    assert now.risk.breakers is not None
    breakers = replace(now.risk.breakers, counts_unsent=True)
    assert old.risk == replace(now.risk, cap_counts_held=False, breakers=breakers)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("[tiers.course]\nttl_days = 0", "tiers.course.ttl_days"),
        ("[tiers.course]\nevaluation_after_s = 86400", "within the day"),
        ('[tiers.gates.SNIPER.ceremony]\nphrase = ""', "tiers.gates.SNIPER.ceremony.phrase"),
        ("[tilt.override]\nlock_s = 60", "window_s <= lock_s"),
        ("[tilt.fixed.override]\npoints = -1", "tilt.fixed.override.points"),
        ("[tilt.override]\nattempts = 3", "tilt.override.attempts is not a known key"),
    ],
)
def test_bad_numbers_of_the_course_are_named(tmp_path: Path, rules: str, complaint: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(rules)
    with pytest.raises(ConfigError, match=complaint):
        load(path)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("[tiers.capital]\nfast_share = 0.95", "fast_share must not be above slow_share"),
        ("[tiers.capital]\nslow_share = 90", "tiers.capital.slow_share must be less"),
        ("[tiers.recovery]\ntrading_days = 0", "tiers.recovery.trading_days"),
        ("[tiers.reset]\nagain = 3", "tiers.reset.again is not a known key"),
        ("[tiers.reset.hours]\nSNIPER = -1", "tiers.reset.hours.SNIPER"),
        ('[tiers.opening]\nphrase = ""', "tiers.opening.phrase"),
        ("[tiers.false_alarms]\nwarnings_per_week = nan", "tiers.false_alarms.warnings_per_week"),
        ('[tiers.false_alarms]\nsource = ""', "tiers.false_alarms.source"),
        ("[tiers.gates.HUNTER.tilt]\nblock_odds_max = 1", "block_odds_max must be less than 1"),
        ("[tiers.gates.HUNTER.tilt]\nwarning_days = 3", "warning_days is not a known key"),
        ("[tiers.gates.STRATEGIST.months]\nprofitable_min = 7", "must not be above months"),
        ("[tiers.gates.HUNTER.drills]\nnames = 'all'", "names must be a list"),
    ],
)
def test_bad_numbers_of_the_ladder_are_named(tmp_path: Path, rules: str, complaint: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(rules)
    with pytest.raises(ConfigError, match=complaint):
        load(path)


def test_gates_that_count_days_of_tilt_need_a_published_rate() -> None:
    text = load("sniper").text
    start = text.index("[tiers.false_alarms]")
    end = text.index("\n[", start)
    with pytest.raises(ConfigError, match="false_alarms must be given"):
        parse(text[:start] + text[end + 1 :])
