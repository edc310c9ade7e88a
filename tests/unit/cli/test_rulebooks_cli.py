"""`genesis rules book`: what is shipped, what a book says, and what it says of a strategy."""

import json
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.rules import known_books, load, load_book


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["rules", "book", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_list_names_every_book_with_its_title(capsys) -> None:
    code, out, _ = ran(capsys, "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(known_books())
    assert all(load_book(name).title in out for name in known_books())
    assert json.loads(ran(capsys, "list", "--json")[1]).keys() == set(known_books())


@pytest.mark.parametrize("name", known_books())
def test_show_prints_the_book_as_it_was_written_and_it_is_one(name, tmp_path, capsys) -> None:
    code, out, _ = ran(capsys, "show", name)
    assert code == 0
    mine = tmp_path / "mine.toml"
    mine.write_text(out)
    assert load_book(mine) == load_book(name)
    assert ran(capsys, "show", str(mine))[1] == out


@pytest.mark.parametrize("is_file", [False, True])
def test_show_rules_prints_a_rulebook_that_trades_under_it(is_file, tmp_path, capsys) -> None:
    book = "two_step"
    if is_file:
        book = str(tmp_path / "own.toml")
        Path(book).write_text(ran(capsys, "show", "two_step")[1])
    file = tmp_path / "under.toml"
    file.write_text(ran(capsys, "show", book, "--rules")[1])
    rules = load(file)
    assert rules.name == "under_two_step"
    assert rules.books == (load_book("two_step"),)
    assert rules.risk == load("sniper").risk


@pytest.mark.parametrize("verb", ["show", "judge"])
def test_an_unknown_book_is_named_beside_the_known(verb, capsys) -> None:
    arguments = ("nobody",) if verb == "show" else ("nobody", "sma_cross")
    code, _, err = ran(capsys, verb, *arguments)
    assert code == 2
    assert "no book is named 'nobody'" in err and "two_step" in err


@pytest.mark.parametrize("phase", ["0", "3", "9"])
def test_a_phase_that_does_not_exist_is_answered_with_those_that_do(phase, capsys) -> None:
    code, _, err = ran(capsys, "judge", "two_step", "sma_cross", "--phase", phase)
    assert code == 2
    assert f"phase {phase} does not exist" in err
    assert "1 (target 10 % of the start), 2 (target 5 % of the start)" in err
    assert "it has one phase" in ran(capsys, "judge", "one_step", "sma_cross", "--phase", "2")[2]


def test_judge_tells_every_rule_and_its_exit_code_says_whether_one_broke(
    tmp_path: Path, capsys
) -> None:
    file = tmp_path / "ticks.parquet"
    falling(file)
    book = tmp_path / "tight.toml"
    text = ran(capsys, "show", "generic_static")[1]
    base = ("sma_cross", "--ticks", str(file), "--rules", "research", "--cash", "1000")
    code, out, _ = ran(capsys, "judge", "generic_static", *base, "--json")
    told = json.loads(out)
    assert told["book"] == "generic_static"
    assert {rule["rule"] for rule in told["rules"]} >= {"max_loss_static", "max_daily_loss"}
    assert code == (1 if told["verdict"] == "broken" else 0)
    amount = 'amount = 0.10\nof = "initial"'
    assert amount in text
    book.write_text(text.replace(amount, 'amount = 0.0001\nof = "initial"', 1))
    code, out, _ = ran(capsys, "judge", str(book), *base)
    assert code == 1
    assert "broken" in out


def falling(file: Path) -> None:
    """A market that waves and falls: whoever follows crosses loses."""
    import numpy as np
    import pandas as pd

    seconds = np.arange(0, 6 * 3_600, 5)
    price = 60_000 * (1 - seconds / seconds[-1] * 0.10) + 300 * np.sin(seconds / 900)
    pd.DataFrame(
        {
            "ts_ns": 1_704_067_200_000_000_000 + seconds * 1_000_000_000,
            "price": price.round(2),
            "qty": 0.01,
            "is_buyer_maker": False,
        }
    ).to_parquet(file)
