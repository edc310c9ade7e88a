"""How often a score like this meant tilt: measured on synthetic traders, for people to read."""

from collections.abc import Sequence


def one_in(score: int, odds: Sequence[tuple[int, float]]) -> float | None:
    """About one in so many acts at such a score was one of tilt; None: these rules do not say.

    odds: (score from, one in so many acts), falling scores, as the rules give them.
    """
    for least, acts in odds:
        if score >= least:
            return acts
    return None
