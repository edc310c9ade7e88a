"""What the demo shows in the terminal: a calm live view, or plain lines."""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from genesis.domain.time import MINUTE, SECOND, format_utc
from genesis.service.clock import elapsed_ns

_QUIET_NS: Final = 5 * SECOND
"""After so long without a line how things stand is told."""
_LINES: Final = 16
_FRAME_LINES: Final = 12
"""Of the panel beside the story: numbers, a position, the intervention, borders."""
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_COLOURS: Final = {"NORMAL": "green", "CAUTION": "yellow", "WARNING": "red", "LOCKED": "red"}


class PlainView:
    """One line per thing that happens, and one now and then while nothing does.

    minutes: wall time that the demo lasts at most.
    """

    def __init__(self, minutes: float, elapsed_ns: Callable[[], int] = elapsed_ns) -> None:
        self._console = Console(highlight=False)
        self._minutes = minutes
        self._elapsed_ns = elapsed_ns
        self._seen: dict[str, Any] = {}
        self._begun_ns: int | None = None
        self._said_ns = elapsed_ns()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, line: str) -> None:
        self._said_ns = self._elapsed_ns()
        self._console.print(f"{_time(self._seen):>8}  {line}", markup=False, soft_wrap=True)

    def keep(self, line: str) -> None:
        self.say(line)

    def heard(self, message: dict[str, Any]) -> None:
        now_ns = self._elapsed_ns()
        self._begun_ns = now_ns if self._begun_ns is None else self._begun_ns
        self._seen |= message
        if now_ns - self._said_ns >= _QUIET_NS and "equity" in self._seen:
            self.say(self._standing((now_ns - self._begun_ns) / MINUTE))

    def _standing(self, passed: float) -> str:
        """How things stand while the trader waits."""
        seen = self._seen
        held = [f"{each['quantity']} {each['symbol']} held" for each in seen.get("positions") or ()]
        return (
            f"({passed:.1f} of {self._minutes:g} minutes) "
            f"equity {Decimal(seen['equity']):.2f} USDT, {', '.join(held) or 'nothing held'}, "
            f"tilt {seen.get('tilt')} {seen.get('level')}"
        )


class LiveView:
    """Equity, tilt, positions and the last lines, drawn a few times a second."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._seen: dict[str, Any] = {}
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._kept: list[str] = []
        self._equity: deque[Decimal] = deque(maxlen=40)
        self._limited = ""
        self._console = Console()
        self._live = Live(get_renderable=self._draw, refresh_per_second=5, console=self._console)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def say(self, line: str) -> None:
        self._lines.append(f"{_time(self._seen):>8}  {line}")

    def keep(self, line: str) -> None:
        """A line that stays in sight to the end."""
        self._kept.append(line)

    def heard(self, message: dict[str, Any]) -> None:
        self._seen |= message
        if message.get("kind") == "LimitedHourStarted":
            share = Decimal(message["multiplier"]) * 100
            self._limited = f"   {share:.0f} % sizes until {format_utc(message['until_ns'])[11:19]}"
        elif message.get("kind") == "LimitedHourEnded":
            self._limited = ""
        if "equity" in message:
            self._equity.append(Decimal(message["equity"]))

    # -- drawing -----------------------------------------------------------------------------
    def _draw(self) -> Group:
        kept = [Text(line, overflow="fold") for line in self._kept]
        return Group(self._panel(), *kept)

    def _panel(self) -> Panel:
        parts = [self._numbers(), *self._positions(), self._intervention(), self._story()]
        return Panel(
            Group(*(part for part in parts if part is not None)),
            title="Genesis · demo",
            subtitle=_time(self._seen) + " venue time",
            border_style=_COLOURS.get(self._level, "dim"),
        )

    @property
    def _level(self) -> str:
        return str(self._seen.get("level", "NORMAL"))

    def _numbers(self) -> Table:
        table = Table.grid(padding=(0, 3))
        seen = self._seen
        equity = Decimal(seen.get("equity", "0"))
        table.add_row("equity", f"{equity:.2f} USDT  {_spark(self._equity)}")
        table.add_row(self._symbol, str(seen.get("prices", {}).get(self._symbol) or "-"))
        score = int(seen.get("tilt", 0))
        bar = "▰" * (score // 5) + "▱" * (20 - score // 5)
        tilt = f"{bar} {score:>3} {self._level}{self._limited}"
        table.add_row("tilt", Text(tilt, style=_COLOURS[self._level]))
        table.add_row("tier", f"{seen.get('tier', '-')} / {seen.get('mode', '-')}")
        return table

    def _positions(self) -> list[Text]:
        return [
            Text(
                f"  ◦ {held['quantity']} {held['symbol']} at {held['entry_price']}"
                f"   result {Decimal(held['pnl_dollars']):+.4f} USDT   stop {held['stop']}",
                style="cyan",
            )
            for held in self._seen.get("positions") or ()
        ]

    def _intervention(self) -> Text | None:
        opened = self._seen.get("intervention")
        if not isinstance(opened, dict):
            return None
        return Text(str(opened["message"]), style="bold")

    def _story(self) -> Text:
        room = max(1, self._console.size.height - _FRAME_LINES - 2 * len(self._kept))
        lines = list(self._lines)[-room:]
        return Text("\n" + "\n".join(lines), no_wrap=True, overflow="ellipsis")


def _time(message: dict[str, Any]) -> str:
    return str(message.get("t", ""))[11:19]


def _spark(values: "deque[Decimal]") -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    room = (high - low) or Decimal(1)
    return "".join(_SPARKS[int((value - low) / room * 7)] for value in values)
