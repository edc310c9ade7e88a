"""A home of three days that are over, and someone who listens to its nights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from tests.support.day_home import DAY_1, HomeMaker, buy, chase, close, waves

DAYS = ("2024-08-05", "2024-08-06", "2024-08-07")


def record_three_days(home: Path, every_s: int = 60) -> None:
    """Two calm trades, then a chase into WARNING, then a position held over midnight."""
    maker = HomeMaker(home)
    maker.start(DAY_1)
    days = [DAY_1 + n * DAY for n in range(3)]
    acts = [
        *(buy(days[0] + 2 * HOUR), close(days[0] + 3 * HOUR)),
        *chase(days[1] + 10 * HOUR, 8),
        *(buy(days[1] + 23 * HOUR), close(days[2] + 2 * HOUR)),
    ]
    quick = days[1] + 10 * HOUR  # the chase is a matter of seconds
    for start, end, step_s in (
        (DAY_1 + 7 * SECOND, quick, every_s),
        (quick, quick + 10 * MINUTE, 1),
        (quick + 10 * MINUTE + 7 * SECOND, days[2] + DAY, every_s),
    ):
        maker.play(waves(start, end, step_s * SECOND), [a for a in acts if start <= a.ts_ns < end])
    maker.stop()
    maker.close()


@dataclass
class Listener:
    """What a night says."""

    lines: list[str] = field(default_factory=list)
    seen: list[tuple[str, int, int]] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, what: str, done: int, total: int) -> None:
        self.seen.append((what, done, total))


def bytes_below(folder: Path, leave_out: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in leave_out
    }
