"""`genesis why` on recorded homes: found by key, reference and wire id, or calmly not found."""

import json
import re
import shutil
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from genesis.cli.main import main
from genesis.domain.commands import SubmitOrder
from genesis.research.why import why
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from tests.support.recorded_home import record_home
from tests.support.taped_home import record_taped_home


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """A home of an operator, and one of a strategy."""
    made = tmp_path_factory.mktemp("operator"), tmp_path_factory.mktemp("strategy")
    record_home(made[0])
    record_taped_home(made[1])
    return made


@pytest.fixture
def ask(homes, capsys):
    """Runs the verb: (exit code, stdout, stderr)."""

    def asked(*arguments, home=homes[0]):
        code = main(["why", "--home", str(home), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return asked


def test_a_timeline(ask):
    code, out, _ = ask("1-1-0")
    assert code == 0
    assert out.startswith("1-1-0 BTC/USDT: closed by manual after 10 s: −0.04 USDT")
    for words in (
        "asked by the operator: buy 20.5 usdt of BTC/USDT",
        "tilt not scored yet",
        "approved: entry BUY 0.00037",
        "limits: cap 25",
        "left for the venue as g-1-1-0",
        "position opened",
        "protective stop SELL",
        "the operator: close BTC/USDT",
    ):
        assert words in out, words
    assert out.count("2024-08-08\n") == 1


def test_without_a_name_the_newest_are_offered(ask, tmp_path):
    code, out, _ = ask()
    assert code == 0
    names = [line.split()[1] for line in out.splitlines()[:-1]]
    assert names and all(ask(name)[0] == 0 for name in names)
    assert out.splitlines()[-1] == f"genesis why {names[0]} tells what led to it"
    assert [one["name"] for one in json.loads(ask("--json")[1])] == names


def test_key_reference_and_wire_id_tell_the_same(ask):
    stories = [json.loads(ask(which, "--json")[1])["lines"] for which in ("1-1", "ref-1-10")]
    assert stories[0] == stories[1] == json.loads(ask("1-2-0", "--json")[1])["lines"]
    sent = next(line["text"] for line in stories[0] if line["what"] == "sent")
    wire_id = re.search(r"g-\S+", sent)[0]
    assert json.loads(ask(wire_id, "--json")[1])["lines"] == stories[0]


def test_the_score_is_known_though_the_story_begins_late(ask):
    told = ask("1-5-0")[1]
    assert re.search(r"tilt score [1-9]\d*, level \w+ \(.*gap \d+.*\); tier SNIPER/ACTIVE", told)


@pytest.mark.parametrize(
    "which", ["9-9-0", "nobody", "g-1-1-0-ffffffffffffffff", "1-1-1", "", "-", "1-1-0 ", "é" * 300]
)
def test_no_such_order(ask, which):
    code, out, err = ask("--", which)
    assert (code, out) == (1, "")
    assert err.startswith("no such order: the log in ")
    assert ask("--json", "--", which)[:2] == (1, "null\n")


def test_a_strategys_order_names_the_bar_it_came_of(ask, homes):
    code, out, _ = ask("1-1-0", home=homes[1])
    assert code == 0
    assert re.search(r"asked by sma_cross, (as a bar of BTC/USDT closed|on time)", out)
    assert "closed by signal" in out


def test_every_order_of_both_homes_has_a_story(homes):
    for home, least in ((homes[0], 12), (homes[1], 2)):
        keys = orders_in(home)
        assert len(keys) >= least
        for key in keys:
            assert key in why(key, home).story.orders


def orders_in(home):
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        steps = list(LogReader(database).read())
    finally:
        database.close()
    sent = [c for step in steps for c in step.commands if isinstance(c, SubmitOrder)]
    return {str(command.key) for command in sent}


def test_a_story_shows_itself_in_a_notebook(homes):
    shown = why("1-1-0", homes[0])
    bundle = shown._repr_mimebundle_()
    assert "protective stop" in bundle["text/html"]
    assert "protective stop" in bundle["text/plain"]
    assert list(shown.frame.columns) == ["time", "what", "order", "text"]


def test_no_log_and_a_damaged_log_end_with_2(ask, homes, tmp_path, capsys):
    code, _, err = ask("1-1-0", home=tmp_path)
    assert code == 2
    assert "there is no event log here" in err
    broken = Path(shutil.copytree(homes[0], tmp_path / "broken"))
    with driver.connect(broken / DATABASE_NAME) as connection:
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET body = replace(body, '0.00037', '0.00038')")
    code, _, err = ask("1-1-0", home=broken)
    assert code == 2
    assert "its content was changed" in err
