"""Books as files: what is shipped, what is refused, and how a book gets into the text of a run."""

from dataclasses import fields
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from genesis.domain.time import HOUR, MINUTE, parse_utc
from genesis.errors import ConfigError
from genesis.risk.rulebooks.book import Baseline, Until
from genesis.rules import known_books, load, load_book, parse
from genesis.rules.book import read
from genesis.rules.diff import Way, diff

TWO_STEP = files("genesis.rules").joinpath("books/two_step.toml").read_text(encoding="utf-8")


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_shelf_holds_the_patterns_under_plain_names() -> None:
    assert known_books() == (
        "crypto_half_past",
        "generic_static",
        "generic_trailing",
        "higher_of_both",
        "one_step",
        "two_step",
    )
    for name in known_books():
        book = load_book(name)
        assert book.name == name
        assert book.initial_usdt is None
        assert (book.warn_at_fraction, book.headroom_share) == (Decimal("0.8"), Decimal("0.5"))


def test_the_shelf_claims_to_be_nobody() -> None:
    for entry in files("genesis.rules").joinpath("books").iterdir():
        if entry.name.endswith(".toml"):
            told = entry.read_text(encoding="utf-8")
            assert "claims nobody's rules of today" in told
            assert not any(firm in told.lower() for firm in ("ftmo", "5ers", "topstep", "breakout"))


def test_two_step_holds_its_numbers() -> None:
    book = load_book("two_step")
    assert book.max_daily_loss is not None
    assert book.max_daily_loss.amount.value == Decimal("0.05")
    assert book.max_daily_loss.baseline is Baseline.BALANCE
    assert book.max_daily_loss.until is Until.ACCOUNT
    assert book.max_loss_static is not None
    assert book.max_loss_static.amount.value == Decimal("0.10")
    assert book.min_trading_days is not None
    assert book.min_trading_days.days == 4
    targets = [load_book("two_step", phase=phase).profit_target for phase in (1, 2)]
    assert [t.amount.value for t in targets if t] == [Decimal("0.10"), Decimal("0.05")]


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (('baseline = "balance"', 'baseline = "cash"'), "max_daily_loss.baseline"),
        (("amount = 0.05", "amount = 5"), "amount is a part of initial: at most 1"),
        (("amount = 0.05", "amount = -0.05"), "max_daily_loss.amount"),
        (("days = 4", "days = 0"), "min_trading_days.days"),
        (('trade_limit = "none"', ""), "trade_limit is missing"),
        (
            ('trade_limit = "none"', 'trade_limit = "none"\ntrade_limits = 3'),
            "trade_limits is not a known key",
        ),
        (("Europe/Prague", "Europe/Nowhere"), "not a known time zone"),
        (("Europe/Prague", "../../etc/passwd"), "not a known time zone"),
        (('reset = "00:00"', 'reset = "24:00"'), "day.reset"),
        (("until_year = 2060", "until_year = 2010"), "from_year must be before until_year"),
        (('initial_usdt = "account"', "initial_usdt = 0"), "initial_usdt"),
        (('name = "two_step"', 'name = "Two Step"'), "name"),
        (("headroom_share = 0.50", "headroom_share = 1.5"), "headroom_share"),
    ],
)
def test_a_bad_book_is_refused_by_name_of_the_field(
    tmp_path: Path, edit: tuple[str, str], complaint: str
) -> None:
    assert edit[0] in TWO_STEP
    path = written(tmp_path, TWO_STEP.replace(*edit))
    with pytest.raises(ConfigError) as caught:
        load_book(path)
    assert complaint in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_a_phase_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"phase 3 does not exist: its phases are 1 .*, 2 "):
        load_book("two_step", phase=3)


def test_unknown_names_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no book is named 'three_step': known are crypto_half"):
        load_book("three_step")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_book(tmp_path / "none.toml")


def test_windows_that_touch_become_one(tmp_path: Path) -> None:
    window = (
        '[no_trade_window]\naround = ["2026-01-14T13:33:00Z", "2026-01-14T14:30:00+01:00",'
        ' "2026-02-01T08:00:00Z"]\nminutes = 2\n'
    )
    text = TWO_STEP.replace('no_trade_window = "none"\n', "") + window
    rule = load_book(written(tmp_path, text)).no_trade_window
    assert rule is not None
    first, alone = parse_utc("2026-01-14T13:30:00Z"), parse_utc("2026-02-01T08:00:00Z")
    assert rule.spans == (
        (first - 2 * MINUTE, first + 5 * MINUTE),
        (alone - 2 * MINUTE, alone + 2 * MINUTE),
    )


def test_days_in_utc_have_24_hours_and_in_prague_once_23_and_once_25() -> None:
    for name, lengths in (("generic_static", {24}), ("two_step", {23, 24, 25})):
        starts = load_book(name).days.starts_ns
        assert {(b - a) // HOUR for a, b in pairwise(starts)} == lengths
    assert parse_utc("2026-03-28T23:00:00Z") in load_book("two_step").days.starts_ns


# -- in the rules of a run -------------------------------------------------------------------
def test_the_text_of_a_run_holds_whole_books(tmp_path: Path) -> None:
    own = written(tmp_path, TWO_STEP.replace('"two_step"', '"mine"'), "own.toml")
    rules = load(written(tmp_path, f'books = ["generic_static", "{own}"]'))
    assert [book.name for book in rules.books] == ["generic_static", "mine"]
    assert rules.books[0] == load_book("generic_static")
    own.unlink()
    again = parse(rules.text)
    assert again == rules
    assert load("sniper").books == ()


def test_a_book_more_is_tighter_and_another_one_is_not(tmp_path: Path) -> None:
    def document(books: str) -> dict[str, object]:
        return read("rules", load(written(tmp_path, f"books = {books}")).text).document

    one, two = document('["two_step"]'), document('["two_step", "one_step"]')
    assert [change.way for change in diff(one, two)] == [Way.TIGHTENS]
    assert [change.way for change in diff(two, one)] == [Way.LOOSENS]
    other = document('["one_step"]')
    assert [change.way for change in diff(one, other)] == [Way.LOOSENS]


@pytest.mark.parametrize("books", ['["nobody"]', '["a\\nb"]', '"two_step"', "[3]"])
def test_rules_with_a_book_that_cannot_be_used_are_refused(tmp_path: Path, books: str) -> None:
    with pytest.raises(ConfigError):
        load(written(tmp_path, f"books = {books}"))


def test_every_rule_of_the_core_has_its_table_in_the_files(tmp_path: Path) -> None:
    told = {line.split(" ")[0].strip("[]") for line in TWO_STEP.splitlines()}
    rules = {field.name for field in fields(load_book("two_step"))} - {"days", "phase", "phases"}
    assert rules <= told
