"""The chain of the event log, as rows alone: nothing changes, moves or vanishes unseen."""

from hypothesis import given
from hypothesis import strategies as st

from genesis.store.chain import EventRow, event_fault, sealed_event
from genesis.store.schema import ZERO_HASH

_TEXTS = ("stream", "role", "kind", "wire_id", "tape_hash", "body", "prev_hash", "hash")
_NUMBERS = ("seq", "run", "step", "v", "ts_ns", "tape_pos")
_LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1, max_size=6)


@st.composite
def chains(draw: st.DrawFn) -> list[EventRow]:
    """Sound rows, several of them with the same stamp."""
    rows: list[EventRow] = []
    for seq, (body, ts_ns) in enumerate(
        draw(st.lists(st.tuples(_LETTERS, st.integers(0, 2)), min_size=2, max_size=6)), start=1
    ):
        before = rows[-1].hash if rows else ZERO_HASH
        fields = ("main", seq, 1, seq, "event", "FeedLost", 1, ts_ns, 7, "g-1", 0, ZERO_HASH)
        rows.append(sealed_event(EventRow(*fields, body, before, "")))
    return rows


def first_fault(rows: list[EventRow]) -> int | None:
    """Place of the first row that does not fit, from 1."""
    before: EventRow | None = None
    for place, row in enumerate(rows, start=1):
        if event_fault(row, before) is not None:
            return place
        before = row
    return None


@given(rows=chains())
def test_a_sound_chain_has_no_fault(rows: list[EventRow]) -> None:
    assert first_fault(rows) is None


@given(rows=chains(), data=st.data())
def test_one_changed_character_is_found_at_its_row_at_the_latest(
    rows: list[EventRow], data: st.DataObject
) -> None:
    """I10."""
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from((*_TEXTS, *_NUMBERS)))
    value = getattr(rows[place], name)
    if name in _NUMBERS:
        changed: object = value ^ (1 << data.draw(st.integers(0, 7)))
    else:
        at = data.draw(st.integers(0, len(value) - 1))
        sign = chr(ord(value[at]) ^ 1)
        changed = value[:at] + sign + value[at + 1 :]
    rows[place] = rows[place]._replace(**{name: changed})
    found = first_fault(rows)
    assert found is not None and found <= place + 1


@given(rows=chains(), data=st.data())
def test_rows_in_another_order_are_found_also_under_the_right_numbers(
    rows: list[EventRow], data: st.DataObject
) -> None:
    """I9, of rows with the same stamp, too."""
    shuffled = data.draw(st.permutations(rows))
    if shuffled == rows:
        return
    assert first_fault(shuffled) is not None
    renumbered = [row._replace(seq=seq) for seq, row in enumerate(shuffled, start=1)]
    assert first_fault(renumbered) is not None
    assert first_fault([sealed_event(row) for row in renumbered]) is not None


@given(rows=chains(), data=st.data())
def test_a_row_taken_out_is_found_unless_it_was_the_last(
    rows: list[EventRow], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    left = [row for number, row in enumerate(rows) if number != place]
    assert (first_fault(left) is None) == (place == len(rows) - 1)


@given(rows=chains(), data=st.data())
def test_a_row_that_was_sealed_again_no_longer_carries_the_next(
    rows: list[EventRow], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    rows[place] = sealed_event(rows[place]._replace(body=rows[place].body + "x"))
    assert first_fault(rows) == place + 2
