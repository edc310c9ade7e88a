"""A changed field in words; books are compared field by field, not as one line."""

from genesis.domain.edits import RuleEdit
from genesis.rules.change_words import change_words
from genesis.rules.shelf import with_texts
from genesis.rules.text import value_text

ONE, TWO = with_texts({"books": ["one_step", "two_step"]})["books"]


def books(old: list[str] | None, new: list[str] | None) -> tuple[str, ...]:
    before, after = ("nothing" if one is None else value_text(one) for one in (old, new))
    return change_words(RuleEdit("books", before, after))


def test_a_plain_field_is_its_old_and_new_value() -> None:
    edit = RuleEdit("risk.pace.orders_max", "40", "50")
    assert change_words(edit) == ("risk.pace.orders_max 40 -> 50",)


def test_a_book_that_comes_goes_or_changes_is_told_so() -> None:
    [came] = books(None, [ONE])
    assert came.startswith("books.one_step is laid over the rules: One phase")
    assert books([ONE, TWO], [TWO]) == ("books.one_step is laid aside",)
    nearer = TWO.replace("amount = 0.05", "amount = 0.04")
    assert books([ONE, TWO], [ONE, nearer]) == (
        "books.two_step.max_daily_loss.amount 0.05 -> 0.04",
    )


def test_a_table_that_is_switched_off_is_told_value_by_value() -> None:
    lines = books([TWO], [TWO.replace("[profit_target]", "[other]")])
    assert "books.two_step.profit_target.of initial -> nothing" in lines
    assert "books.two_step.other.of nothing -> initial" in lines


def test_the_same_books_in_another_order_are_the_same_rules() -> None:
    assert books([ONE, TWO], [TWO, ONE]) == ("books: the same rules, written otherwise",)
