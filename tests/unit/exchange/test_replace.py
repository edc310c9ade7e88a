"""One answer to a cancel and a new order, taken apart: what each of the two is known to be."""

from typing import Any

import pytest

from genesis.exchange.classify import Answer, Standing, classify
from genesis.exchange.replace import legs

PLACED, REJECTED, NOT_PLACED, UNRESOLVED = (
    Standing.PLACED,
    Standing.REJECTED,
    Standing.NOT_PLACED,
    Standing.UNRESOLVED,
)
OLD, NEW = {"orderId": 1, "status": "CANCELED"}, {"orderId": 2, "status": "NEW"}
GONE, POOR = {"code": -2011, "msg": "Unknown order sent."}, {"code": -2010, "msg": "no funds"}
TWICE = {"code": -2010, "msg": "Duplicate order sent."}


def told(cancel: str, new: str, first: Any, second: Any) -> dict[str, Any]:
    return {
        "cancelResult": cancel,
        "newOrderResult": new,
        "cancelResponse": first,
        "newOrderResponse": second,
    }


def error(status: int, code: int, data: Any) -> Answer:
    return Answer(status, {"code": code, "msg": "for the test", "data": data}, code, "for the test")


DONE = told("SUCCESS", "SUCCESS", OLD, NEW)
HALF = told("SUCCESS", "FAILURE", OLD, POOR)
NONE = told("FAILURE", "NOT_ATTEMPTED", GONE, None)


@pytest.mark.parametrize(
    ("answer", "cancel", "new"),
    [
        (Answer(200, DONE), PLACED, PLACED),
        (error(409, -2021, HALF), PLACED, REJECTED),
        (error(409, -2021, told("SUCCESS", "FAILURE", OLD, TWICE)), PLACED, UNRESOLVED),
        (error(400, -2022, NONE), UNRESOLVED, NOT_PLACED),
        (error(409, -2021, None), UNRESOLVED, UNRESOLVED),
        (error(409, -2021, told("SUCCESS", "FAILURE", OLD, None)), PLACED, UNRESOLVED),
        (error(409, -2021, told("SUCCESS", "FAILURE", OLD, {"code": "x"})), PLACED, UNRESOLVED),
        (Answer(200, told("SUCCESS", "SUCCESS", OLD, {"orderId": 2})), PLACED, UNRESOLVED),
        (Answer(200, {}), UNRESOLVED, UNRESOLVED),
        (Answer(200, []), UNRESOLVED, UNRESOLVED),
        (Answer(400, None, -1013, "Filter failure: LOT_SIZE"), REJECTED, REJECTED),
        (Answer(429, None, -1003), NOT_PLACED, NOT_PLACED),
        (Answer(504, None, -1007), UNRESOLVED, UNRESOLVED),
        (Answer(None), UNRESOLVED, UNRESOLVED),
        (Answer(None, was_sent=False), NOT_PLACED, NOT_PLACED),
    ],
)
def test_each_half_of_an_answer(answer: Answer, cancel: Standing, new: Standing) -> None:
    found = legs(answer)
    assert (classify(found.cancel), classify(found.new)) == (cancel, new)


def test_an_answer_about_neither_is_told_of_both() -> None:
    """That is how it is known that the fate of both is one question."""
    for lost in (Answer(None), Answer(409, None, -2021), Answer(504, None, -1007)):
        assert legs(lost).cancel is legs(lost).new is lost


def test_why_nothing_new_was_tried_is_told() -> None:
    assert "Unknown order sent." in legs(error(400, -2022, NONE)).new.told()
