"""One answer about several orders, as an answer for each of them.

Source: binance-spot-api-docs, "Cancel an Existing Order and Send a New Order". An error that is
neither -2021 (one of the two happened) nor -2022 (none did) is told of both alike: the venue judges
parameters and filters before it cancels anything.
"""

from typing import Any, Final, NamedTuple

from genesis.exchange.classify import Answer

HALF_DONE: Final = -2021
NOT_DONE: Final = -2022
_UNTRIED: Final = "NOT_ATTEMPTED"


class Legs(NamedTuple):
    """What is known of the cancel, and of the new order."""

    cancel: Answer
    new: Answer


def legs(answer: Answer) -> Legs:
    """The answer to POST order/cancelReplace, taken apart."""
    told = _details(answer)
    if told is None:
        return Legs(answer, answer)
    cancel = _leg(answer, told, "cancelResult", "cancelResponse")
    if told.get("newOrderResult") == _UNTRIED:
        why = f"the order in its place could not be cancelled: {cancel.told()}"
        return Legs(cancel, Answer(None, message=why, was_sent=False))
    return Legs(cancel, _leg(answer, told, "newOrderResult", "newOrderResponse"))


def of_list(answer: Answer, wire_id: str) -> Answer:
    """Of the answer to a list of orders, what it says of the one with this client id."""
    rows = answer.body.get("orderReports") if isinstance(answer.body, dict) else None
    for row in rows if answer.is_ok and isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("clientOrderId") == wire_id:
            return Answer(200, row, headers=answer.headers)
    return answer


def _details(answer: Answer) -> dict[str, Any] | None:
    """Where it says what became of each; None: it does not."""
    if not isinstance(answer.body, dict):
        return None
    found = answer.body if answer.is_ok else answer.body.get("data")
    is_about_both = answer.is_ok or answer.code in (HALF_DONE, NOT_DONE)
    return found if is_about_both and isinstance(found, dict) and "cancelResult" in found else None


def _leg(answer: Answer, told: dict[str, Any], result: str, response: str) -> Answer:
    """What cannot be read proves nothing."""
    body = told.get(response)
    if not isinstance(body, dict):
        return Answer(None, message=f"HTTP {answer.status} without {response}")
    if told.get(result) == "SUCCESS":
        return Answer(200, body, headers=answer.headers)
    code, words = body.get("code"), str(body.get("msg", ""))
    status = 400 if answer.status in (None, 200) else answer.status
    return Answer(status, None, code if type(code) is int else None, words)
