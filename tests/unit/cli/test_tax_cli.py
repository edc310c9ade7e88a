"""`genesis tax`: the year out of a home's log, and the method it keeps."""

import csv
import errno
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal as D
from threading import Barrier, BrokenBarrierError

import pytest

from genesis.analytics.lots import Method
from genesis.cli.main import main
from genesis.domain.events import TradeTick
from genesis.domain.time import HOUR
from genesis.research.taxes import lock_methods, locked_methods, taxes
from tests.support.taped_home import record_taped_home

MODULE = sys.modules["genesis.research.taxes"]  # the package gives the function that name
SWINGS = (100, 101, 102, 101, 100, 99, 101, 102, 103, 101, 99)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("taxed")
    record_taped_home(home, SWINGS)
    return home


@pytest.fixture
def home(made, tmp_path):
    """A copy: reports lock methods."""
    from shutil import copytree

    return copytree(made, tmp_path / "home")


@pytest.fixture
def ask(home, capsys):
    def asked(*arguments):
        code = main(["tax", *arguments, "--home", str(home)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return asked


def test_it_says_what_it_is_and_what_was_gained(ask):
    code, out, _ = ask("--year", "2024")
    assert code == 0
    assert "2024 by FIFO: 2 disposals of lots" in out
    assert "This is a reporting aid, not advice" in out


def test_the_sums_are_the_fills(home):
    report = taxes(2024, home=home).report
    assert {row.proceeds / row.qty for row in report.rows} == {D(10100)}
    for row in report.rows:
        assert row.cost == row.qty * 10_000 * D("1.001")
        assert row.fee == row.qty * 10_100 * D("0.001")


def test_a_written_year_keeps_its_method(ask, home, tmp_path):
    out = tmp_path / "tax.csv"
    code, told, _ = ask("--year", "2024", "--method", "lifo", "--out", str(out))
    assert code == 0
    assert f"written to {out}" in told
    assert {row["method"] for row in csv.DictReader(out.open())} == {"LIFO"}
    code, _, err = ask("--year", "2024", "--method", "FIFO")
    assert code == 2
    assert "2024 was reported by LIFO: a year keeps its method" in err
    assert json.loads(ask("--year", "2024", "--json")[1])["method"] == "LIFO"
    before = out.read_bytes()
    ask("--year", "2024", "--out", str(out))
    assert out.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_the_rows_go_where_nothing_of_somebody_is(ask, tmp_path):
    (tmp_path / "tax.csv.part").write_text("somebody's")
    assert ask("--year", "2024", "--out", str(tmp_path / "tax.csv"))[0] == 0
    assert (tmp_path / "tax.csv.part").read_text() == "somebody's"
    assert ask("--year", "2024", "--out", str(tmp_path / "new" / "tax.csv"))[0] == 0
    assert (tmp_path / "new" / "tax.csv").read_bytes() == (tmp_path / "tax.csv").read_bytes()


@pytest.mark.parametrize("place", ["file/tax.csv", "folder"])
def test_a_place_that_cannot_be_written_locks_nothing(ask, home, tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    code, _, err = ask("--year", "2024", "--out", str(tmp_path / place))
    assert code == 2
    assert "cannot be written" in err
    assert not (home / "tax-methods.json").exists()
    assert not list((tmp_path / "folder").iterdir()) and not list(tmp_path.glob("*.tmp"))


def test_no_rows_appear_before_their_method_is_locked(ask, home, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(MODULE, "whole_file", full)
        code, _, err = ask("--year", "2024", "--out", str(tmp_path / "tax.csv"))
    assert code == 2
    assert "disk is full" in err
    assert not list(tmp_path.glob("tax.csv*"))
    lock_methods(home, {2024: Method.LIFO})
    with monkeypatch.context() as patched:
        kept = iter([{}])  # what stood there when the rows were made
        known = locked_methods
        patched.setattr(MODULE, "locked_methods", lambda at: next(kept, known(at)))
        code, _, err = ask("--year", "2024", "--method", "HIFO", "--out", str(tmp_path / "tax.csv"))
    assert code == 2
    assert "2024 was reported by LIFO meanwhile" in err
    assert not list(tmp_path.glob("tax.csv*"))


def test_two_that_lock_at_once_both_keep_their_years(tmp_path, monkeypatch):
    both = Barrier(2)
    known = locked_methods

    def read(home):
        found = known(home)
        with suppress(BrokenBarrierError):
            both.wait(0.5)  # nobody writes before both have read, where both can
        return found

    monkeypatch.setattr(MODULE, "locked_methods", read)
    with ThreadPoolExecutor() as pool:
        ended = [pool.submit(lock_methods, tmp_path, {year: Method.LIFO}) for year in (2023, 2024)]
        assert [each.result() for each in ended] == [None, None]
    assert known(tmp_path) == {2023: Method.LIFO, 2024: Method.LIFO}
    assert [path.name for path in tmp_path.iterdir()] == ["tax-methods.json"]


def test_a_look_locks_nothing(ask):
    assert ask("--year", "2024", "--method", "LIFO")[0] == 0
    assert ask("--year", "2024", "--method", "HIFO")[0] == 0


def test_another_year_has_no_rows(ask):
    told = json.loads(ask("--year", "2025", "--json")[1])
    assert (told["rows"], told["gain"], told["year"]) == ([], "0", 2025)


def test_rates_convert(ask, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("date,rate\n2024-08-08,0.5\n")
    half = json.loads(ask("--year", "2024", "--rates", str(rates), "--json")[1])
    whole = json.loads(ask("--year", "2024", "--json")[1])
    assert D(half["gain"]) == D(whole["gain"]) / 2
    assert half["rows"][0]["fx_rate"] == "0.5"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--year", "2024", "--method", "magic"], "unknown method 'magic'"),
        (["--year", "2024", "--zone", "Atlantis/Centre"], "unknown time zone"),
        (["--year", "2024", "--zone", "../../etc/passwd"], "unknown time zone"),
        (["--year", "soon"], "--year"),
        ([], "--year"),
    ],
)
def test_bad_input_ends_with_2(ask, arguments, words):
    code, _, err = ask(*arguments)
    assert code == 2
    assert words in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2024-08-07,1\n", "no rate for 2024-08-08"),
        ("2024-08-08,x\n", "line 1 is no `date,rate`"),
        ("2024-08-08\n", "line 1 is no `date,rate`"),
        ("date,rate\n2024-08-08,-1\n", "line 2: a rate lies above 0"),
        ("2024-08-08,NaN\n", "a rate lies above 0"),
    ],
)
def test_bad_rates_are_named(ask, tmp_path, text, words):
    rates = tmp_path / "rates.csv"
    rates.write_text(text)
    code, _, err = ask("--year", "2024", "--rates", str(rates))
    assert code == 2
    assert words in err


def test_a_missing_rates_file_and_a_damaged_lock(ask, home, tmp_path):
    assert ask("--year", "2024", "--rates", str(tmp_path / "none"))[0] == 2
    (home / "tax-methods.json").write_text("{")
    code, _, err = ask("--year", "2024")
    assert code == 2
    assert "tax-methods.json is damaged" in err


def test_a_fee_in_a_third_asset_is_valued_from_the_tape(tmp_path):
    record_taped_home(tmp_path, SWINGS, fee_asset="BNB")
    report = taxes(2024, home=tmp_path).report
    fees = [row for row in report.rows if row.asset == "BNB"]
    assert len(fees) == 4
    assert all(row.proceeds == row.qty * 600 for row in fees)
    assert all(row.note == "more went than is known to have come" for row in fees)


class _Hour:
    """A block of the tape with one trade of ETH/USDT on the hour; or with one book."""

    def __init__(self, hour, kind):
        self.last_ns, self._kind = hour * HOUR, kind

    def __len__(self):
        return 1

    def kind(self, index):
        return self._kind

    def event(self, index):
        return TradeTick(self.last_ns, "ETH/USDT", 1, D(2000), D(1), False)


class _Hours:
    """A tape of many of them that notes which were looked at."""

    def __init__(self, last, kind):
        self.last, self._kind, self.seen = last, kind, []

    def reaching(self, ts_ns):
        return -(-ts_ns // HOUR)

    def back(self, seq):
        for hour in range(seq, 0, -1):
            self.seen.append(hour)
            yield _Hour(hour, self._kind)


@pytest.mark.parametrize("kind", ["TradeTick", "BookTop"])
def test_for_an_asset_that_is_not_on_the_tape_no_more_than_a_day_of_it_is_read(kind):
    tape = _Hours(1_000, kind)
    assert MODULE.TapePrices(tape, "USDT").at("BNB", 500 * HOUR) is None
    assert tape.seen == list(range(500, 475, -1))
    trades = MODULE.TapePrices(_Hours(1_000, "TradeTick"), "USDT")
    assert trades.at("ETH", 500 * HOUR + 1) == D(2000)
    assert trades.at("ETH", 1_024 * HOUR) is None
    assert trades.at("ETH", 1_024 * HOUR - 1) == D(2000)


def test_it_shows_itself_in_a_notebook(home):
    bundle = taxes(2024, home=home)._repr_mimebundle_()
    assert "a reporting aid, not advice" in bundle["text/html"]
    assert "BTC" in bundle["text/plain"]
