"""The traffic with the venue, for `genesis status`."""

from typing import Any


def line_lines(line: dict[str, Any] | None) -> list[str]:
    """One line of text; none where the service does not tell of it."""
    if line is None:
        return []
    told = [f"{line['weight_used']} of {line['weight_limit']} weight used"]
    told += [f"{each['used']} of {each['limit']} orders in {span}" for span, each in _orders(line)]
    told.append(f"breaker {line['breaker']}")
    told += [
        f"{words} {line[name]:g} ms"
        for name, words in (
            ("latency_ms", "answers in"),
            ("order_latency_ms", "orders in"),
            ("clock_skew_ms", "clock off by"),
        )
        if line[name] is not None
    ]
    if line["silent_s"]:
        told.append(f"nothing may be sent for {line['silent_s']} s, no cancel either")
    return [f"venue      {', '.join(told)}"]


def _orders(line: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """Only limits of which something is used."""
    return [(span, each) for span, each in line["orders"].items() if each["used"]]
