import subprocess
import sys

from hypothesis import assume, given
from hypothesis import strategies as st

from genesis.domain.ids import OrderKey, jitter

numbers = st.integers(0, 10**12)
keys = st.builds(OrderKey, numbers, numbers, numbers)


@given(keys)
def test_a_key_and_its_text_are_each_others_inverse(key: OrderKey) -> None:
    assert OrderKey.parse(str(key)) == key


@given(keys, keys)
def test_different_keys_have_different_texts(a: OrderKey, b: OrderKey) -> None:
    assert (a == b) == (str(a) == str(b))


def test_a_first_child_needs_no_slice() -> None:
    assert str(OrderKey(2, 7)) == "2-7-0"


@given(st.text(), st.text(), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_jitter_stays_within_its_bounds(seed: str, key: str, low: float, width: float) -> None:
    assume(low + width > low)
    value = jitter(seed, key, low, low + width)
    assert low <= value <= low + width
    assert value == jitter(seed, key, low, low + width)


def test_jitter_spreads_evenly_and_differs_by_key_and_seed() -> None:
    values = [jitter("7", f"iceberg:{i}", 0.8, 1.2) for i in range(4000)]
    assert len(set(values)) == len(values)
    assert abs(sum(values) / len(values) - 1.0) < 0.01
    quarters = [sum(lo <= v < lo + 0.1 for v in values) for lo in (0.8, 0.9, 1.0, 1.1)]
    assert all(900 < count < 1100 for count in quarters)
    assert jitter("8", "iceberg:0", 0.8, 1.2) != values[0]


def test_jitter_is_the_same_in_another_process() -> None:
    code = "from genesis.domain.ids import jitter; print(repr(jitter('7', 'a', 0.0, 1.0)))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert outputs == {repr(jitter("7", "a", 0.0, 1.0))}
