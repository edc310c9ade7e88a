"""A real exchange, a real engine on it that can be killed, and the dashboard over both."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from genesis.domain.time import MILLISECOND
from genesis.sim.sample import START_NS
from tests.support import unhurried
from tests.support.dashboard import Dashboard, dashboard
from tests.support.process import Control, Process
from tests.support.tick_files import steady, write

SPEED: Final = 60
"""Venue seconds per second: eight minutes of writing take eight seconds."""
ROOMY: Final = """name = "roomy"
[risk.tiers.SNIPER]
max_trades_per_day = 100
"""
"""A chase is more than ten entries a day."""
_STEP_MS: Final = 2_000
_TRADES: Final = 20_000
"""A thin market, so that fast time costs little: a trade every two venue seconds, eleven hours."""


class Stage:
    """Everything behind a face; ends with `ending`.

    page: the one whose kernel waits warm. exchange, run: more arguments of those verbs, settings:
    of the engine. home: one that was recorded; without it a new one is opened, under rules that
    let a test trade as often as it likes.
    """

    def __init__(
        self,
        folder: Path,
        ending: ExitStack,
        page: str,
        exchange: Sequence[str],
        run: Sequence[str] = (),
        home: Path | None = None,
        **settings: str,
    ) -> None:
        self.folder, self.home = folder, home or folder / "home"
        self._run = run if home is not None or "--rules" in run else (*run, *_tireless(folder))
        self._settings = settings
        clock = ("--loop", "--port", "0")
        self.exchange = ending.enter_context(Process(folder, "exchange", *exchange, *clock))
        self.engine = self.start()
        ending.callback(lambda: self.engine.kill())
        self.served: Dashboard = ending.enter_context(dashboard(folder, self.home, page))

    def start(self) -> Process:
        """The engine, from what its home holds."""
        where = ("--port", "0", "--home", str(self.home))
        venue = ("--venue-url", self.exchange.ready["url"])
        arguments = ("--mode", "paper", "--json", *where, *venue, *self._run)
        self.engine = Process(self.folder, "run", *arguments, **self._settings)
        return self.engine

    @property
    def control(self) -> Control:
        return Control(self.engine.ready["url"], self.home)

    def open(self, page: Any, name: str, ready: str) -> Any:
        """Show a dashboard and wait for what says that it is alive."""
        page.goto(self.served.page(name))
        page.wait_for_selector(ready)
        return page


def _tireless(folder: Path) -> tuple[str, str]:
    path = folder / "tireless.toml"
    path.write_text(unhurried.TIRELESS, encoding="utf-8")
    return "--rules", str(path)


class FastStage(Stage):
    """The same in fast venue time, with room for a chase.

    home, usdt, rules: one that was recorded, with the USDT it holds and the rules to go on under;
    without them under roomy rules. more: arguments of the exchange.
    """

    def __init__(
        self,
        folder: Path,
        ending: ExitStack,
        page: str,
        home: Path | None = None,
        usdt: str = "500",
        rules: Path | None = None,
        more: Sequence[str] = (),
    ) -> None:
        if rules is None:
            rules = folder / "rules.toml"
            rules.write_text(ROOMY, encoding="utf-8")
        trades = steady(1, _TRADES, start_ms=START_NS // MILLISECOND, step_ms=_STEP_MS)
        market = write(folder / "BTCUSDT-trades-2024-01-01.csv", trades)
        account = ("--balance", f"USDT={usdt}")
        exchange = ("--feed", str(market), "--speed", str(SPEED), *account, *more)
        run, settings = ("--rules", str(rules)), {"GENESIS_RATE_LIMIT": "1000"}
        super().__init__(folder, ending, page, exchange, run, home, **settings)

    def level(self) -> str:
        return str(self.control.get("/tilt/status")["tilt_level"])

    def chase(self) -> None:
        """Orders placed in haste and cancelled again, until tilt has had enough."""
        control = self.control
        for _ in range(80):
            if self.level() in ("WARNING", "LOCKED"):
                return
            control.say("buy 20 usdt btc limit 30000", latency_ms=500, checklist_done=False)
            control.say("cancel all")
        raise AssertionError(f"tilt stays calm: {control.get('/tilt/status')}")
