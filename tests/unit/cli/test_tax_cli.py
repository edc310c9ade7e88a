"""`genesis tax`: the year out of a home's log, and the method it keeps."""

import csv
import json
from decimal import Decimal as D

import pytest

from genesis.cli.main import main
from genesis.research.taxes import taxes
from tests.support.taped_home import record_taped_home

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


def test_it_shows_itself_in_a_notebook(home):
    bundle = taxes(2024, home=home)._repr_mimebundle_()
    assert "a reporting aid, not advice" in bundle["text/html"]
    assert "BTC" in bundle["text/plain"]
