"""The failure table: each row is a test."""

import pytest

from genesis.exchange.classify import Answer, Standing, classify

ROWS = [
    # HTTP status, code, message, what is known
    *[
        (status, code, "", Standing.UNRESOLVED)
        for status in (500, 502, 503, 504)
        for code in (None, -1000, -1001, -1006, -1007, -1008, -1016)
    ],
    *[(400, code, "", Standing.UNRESOLVED) for code in (-1000, -1001, -1006, -1007, -1008, -9999)],
    *[(400, code, "Filter failure", Standing.REJECTED) for code in (-1013, -1016, -1020)],
    *[(400, code, "malformed", Standing.REJECTED) for code in range(-1131, -1099)],
    *[(400, code, "", Standing.REJECTED) for code in (-1022, -2014)],
    (401, -2014, "API-key format invalid.", Standing.REJECTED),
    (401, -2015, "Invalid API-key, IP, or permissions for action.", Standing.REJECTED),
    (400, -2010, "Account has insufficient balance for requested action.", Standing.REJECTED),
    (400, -2010, "Order would trigger immediately.", Standing.REJECTED),
    (400, -2010, "Order would immediately match and take.", Standing.REJECTED),
    (400, -2010, "Market is closed.", Standing.REJECTED),
    (400, -2010, "Duplicate order sent.", Standing.UNRESOLVED),
    (409, -2021, "Order cancel-replace partially failed.", Standing.UNRESOLVED),
    (429, -1003, "Too much request weight used", Standing.NOT_PLACED),
    (429, -1015, "Too many new orders", Standing.NOT_PLACED),
    (429, None, "", Standing.NOT_PLACED),
    (418, -1003, "banned", Standing.NOT_PLACED),
    (418, None, "", Standing.NOT_PLACED),
    (400, -1003, "", Standing.NOT_PLACED),
    (400, -1015, "", Standing.NOT_PLACED),
    (400, -1021, "Timestamp outside of the recvWindow.", Standing.NOT_PLACED),
    (403, None, "firewall", Standing.NOT_PLACED),
    (404, None, "", Standing.UNRESOLVED),
    (400, None, "<html>", Standing.UNRESOLVED),
    (302, None, "", Standing.UNRESOLVED),
    (200, -1013, "an error under status 200", Standing.UNRESOLVED),
    (None, None, "cut off", Standing.UNRESOLVED),
]


@pytest.mark.parametrize(("status", "code", "message", "standing"), ROWS)
def test_what_an_error_proves(
    status: int | None, code: int | None, message: str, standing: Standing
) -> None:
    assert classify(Answer(status, None, code, message)) is standing


def test_only_an_answer_that_names_the_order_proves_placement() -> None:
    assert classify(Answer(200, {"orderId": 7, "status": "NEW"})) is Standing.PLACED
    nothing: list[object] = [{}, [], {"orderId": 7}, {"orderId": None, "status": "NEW"}, "z", None]
    for body in nothing:
        assert classify(Answer(200, body)) is Standing.UNRESOLVED


def test_no_connection_means_not_placed() -> None:
    assert classify(Answer(None, was_sent=False)) is Standing.NOT_PLACED


def test_an_answer_tells_itself_in_one_line() -> None:
    assert Answer(400, None, -1013, "Filter failure: NOTIONAL").told() == (
        "HTTP 400 -1013 Filter failure: NOTIONAL"
    )
    assert Answer(None, message="TimeoutError").told() == "no answer (TimeoutError)"
