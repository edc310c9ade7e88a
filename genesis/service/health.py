"""How the parts of the service are, in the words of the contract, and as metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from genesis.domain.money import text
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.service.clock import Clock
from genesis.service.readings import Readings

_UNHEALTHY: Final = frozenset({"database", "event_bus"})


@dataclass(frozen=True, slots=True)
class Health:
    """Questions to the parts; each part answers None when all is well, else what is wrong."""

    clock: Clock
    started_ns: int
    parts: dict[str, Callable[[], str | None]]

    def told(self) -> dict[str, Any]:
        """The contract's HealthStatus."""
        wrong = {name: problem for name, ask in self.parts.items() if (problem := ask())}
        status = "healthy"
        if wrong:
            status = "unhealthy" if _UNHEALTHY & wrong.keys() else "degraded"
        return {
            "status": status,
            "uptime_seconds": (self.clock.elapsed_ns() - self.started_ns) // SECOND,
            "components": {name: wrong.get(name, "ok") for name in self.parts},
        }


def new_risk_problem(engine: Engine) -> str | None:
    """Why no new risk can be taken by the system's own fault; None while it can."""
    if engine.state.ledger.opened_ns is None:
        return "the account is not opened yet"
    blocks = engine.state.risk.blocks
    reasons = "; ".join(f"{source}: {reason}" for source, reason in sorted(blocks.items()))
    return f"no new risk: {reasons}" if reasons else None


def metrics(engine: Engine, readings: Readings, health: Health, stream_readers: int = 0) -> str:
    """Prometheus text."""
    told = health.told()
    lines = [
        _line("genesis_up", "1 while the service runs", "gauge", "1"),
        _line("genesis_healthy", "1 when all parts are well", "gauge", _flag(told)),
        _line("genesis_events_total", "events handled", "counter", str(readings.events)),
        _line("genesis_orders_total", "orders approved", "counter", str(readings.orders)),
        _line("genesis_fills_total", "fills", "counter", str(readings.fills)),
        _line("genesis_equity_usdt", "equity", "gauge", text(engine.view.equity_usdt)),
        _line("genesis_tilt_score", "tilt score", "gauge", str(readings.tilt_score)),
        _line("genesis_stream_readers", "open event streams", "gauge", str(stream_readers)),
        "# HELP genesis_refusals_total refusals by code\n# TYPE genesis_refusals_total counter",
        *(
            f'genesis_refusals_total{{code="{code}"}} {count}'
            for code, count in sorted(readings.refusals.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, about: str, kind: str, value: str) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}"


def _flag(told: dict[str, Any]) -> str:
    return "1" if told["status"] == "healthy" else "0"
