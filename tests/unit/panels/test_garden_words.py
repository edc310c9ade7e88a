"""Answers and decisions of the engine in calm words."""

import pytest

from genesis.panels.garden_words import answer, note

CLIPPED = "clipped from 100.00 to 25.00 USDT"


def test_an_approved_order_says_what_was_cut() -> None:
    body = {"verdict": "approved", "qty": "0.00037", "symbol": "BTC/USDT", "notes": [CLIPPED]}
    told = answer("/commands", 200, body)
    assert told["verdict"] == "approved"
    assert told["title"] == "Approved: 0.00037 BTC/USDT"
    assert told["lines"] == ["Clipped from 100.00 to 25.00 USDT"]


def test_an_act_without_an_order_is_told_by_its_note() -> None:
    body = {"verdict": "approved", "qty": None, "notes": ["equity 500.00, flat"]}
    assert answer("/commands", 200, body)["title"] == "Equity 500.00, flat"
    assert answer("/commands", 200, {"verdict": "approved", "notes": []})["title"] == "Done."


def test_a_refusal_names_every_reason_once_and_its_end() -> None:
    first = {"stage": "risk", "code": "A", "reason": "one position is open already"}
    second = {"stage": "tilt", "code": "B", "reason": "a page is due"}
    body = {"verdict": "refused", **first, "until": "2026-01-01T00:10:00Z", "all": [first, second]}
    told = answer("/commands", 409, body)
    assert told["title"] == "Refused: one position is open already"
    assert told["lines"] == ["A page is due"]
    assert told["until"] == "2026-01-01T00:10:00Z"


def test_a_further_reason_that_two_checks_give_is_told_once() -> None:
    first = {"code": "A", "reason": "one position is open already", "scope": "account"}
    broken = {"reason": "the log is broken", "scope": "system"}
    every = [first, {"code": "B", **broken}, {"code": "C", **broken}]
    told = answer("/commands", 409, {"verdict": "refused", **first, "all": every})
    assert told["lines"] == ["The log is broken"]


def test_what_is_not_understood_is_no_refusal() -> None:
    told = answer("/commands", 422, {"verdict": "not_understood", "reason": "'by' is no command"})
    assert told["verdict"] == "unread"


@pytest.mark.parametrize(
    ("body", "verdict", "title"),
    [
        ({"positions_closed": 0, "errors": []}, "approved", "There was nothing to close."),
        (
            {"positions_closed": 1, "total_pnl": "-0.35", "errors": []},
            "approved",
            "1 position closed, \u22120.35 USDT.",
        ),
        (
            {"positions_closed": 2, "total_pnl": "1", "errors": ["X is still open"]},
            "refused",
            "2 positions closed, +1.00 USDT.",
        ),
    ],
)
def test_close_all_says_how_many_and_at_what_result(
    body: dict[str, object], verdict: str, title: str
) -> None:
    told = answer("/emergency/close-all", 200, body)
    assert (told["verdict"], told["title"]) == (verdict, title)


@pytest.mark.parametrize(
    ("told", "verdict", "title"),
    [
        (
            {"verdict": "approved", "qty": None, "notes": ["closing BTC/USDT"]},
            "approved",
            "Closing BTC/USDT",
        ),
        ({"verdict": "refused", "reason": "no position"}, "refused", "Refused: no position"),
        ({}, "approved", "The engine answered 200"),
    ],
)
def test_a_close_all_that_was_lost_is_told_as_the_command_it_was(
    told: dict[str, object], verdict: str, title: str
) -> None:
    """What the engine tells of it later has no count of positions."""
    words = answer("/emergency/close-all", 200, told)
    assert (words["verdict"], words["title"]) == (verdict, title)


@pytest.mark.parametrize("body", [None, [], "text", {}])
def test_an_answer_without_words_is_still_an_answer(body: object) -> None:
    assert answer("/commands", 503, body)["title"] == "The engine answered 503"


def test_decisions_become_lines_of_the_diary() -> None:
    closed = {"kind": "PositionClosed", "ts_ns": 1_767_268_803_000_000_000, "symbol": "BTC/USDT"}
    closed |= {"exit_price": "66778.4", "pnl_usdt": "-0.2512", "reason": "stop"}
    assert note(closed) == {
        "at": "12:00:03",
        "words": "Stopped out: BTC/USDT at 66,778.40, \u22120.2512 USDT.",
    }


def test_what_is_said_of_a_move_of_the_tier_is_one_line_of_the_diary() -> None:
    told = note({"kind": "TierAnnounced", "ts_ns": 0, "message": "A HARD DAY\nBack to SNIPER"})
    assert told is not None
    assert told["words"] == "A HARD DAY · Back to SNIPER"


def test_what_the_operator_was_told_already_is_not_told_again() -> None:
    refused = {"kind": "OrderRefused", "source": "operator", "failures": [{"reason": "no"}]}
    assert note(refused) is None
    by_strategy = note(refused | {"source": "strategy:sma_cross"})
    assert by_strategy is not None
    assert by_strategy["words"] == "Refused, strategy:sma_cross: no."
    counted = {"kind": "RefusalsCounted", "source": "strategy:sma_cross", "codes": ["COOLDOWN"]}
    for count, words in ((1, "once more"), (41, "41 times more")):
        again = note(counted | {"count": count})
        assert again is not None
        assert again["words"] == f"Refused {words}, strategy:sma_cross: COOLDOWN."
    assert note({"kind": "SomethingNew"}) is None


def test_what_came_of_a_sliced_order_is_a_line_of_the_diary() -> None:
    receipt = {"kind": "OrderReceipt", "ts_ns": 0, "symbol": "BTC/USDT", "algorithm": "iceberg"}
    receipt |= {"qty": "0.005", "filled_qty": "0.002", "average_price": "60001", "ended": "impact"}
    told = note(receipt)
    assert told is not None
    assert told["words"] == "Iceberg, impact: 0.002 of 0.005 BTC at 60,001.00."
    nothing = note(receipt | {"algorithm": "twap", "filled_qty": "0", "average_price": None})
    assert nothing is not None
    assert nothing["words"] == "TWAP, impact: 0 of 0.005 BTC."
