"""How the parts of the service are, in the words of the contract, and as metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from genesis.domain.money import text
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.exchange.breaker import State
from genesis.exchange.traffic import Told
from genesis.service.clock import Clock
from genesis.service.readings import Readings

_UNHEALTHY: Final = frozenset({"database", "event_bus"})


@dataclass(frozen=True, slots=True)
class Health:
    """Questions to the parts; each part answers None when all is well, else what is wrong."""

    clock: Clock
    started_ns: int
    parts: dict[str, Callable[[], str | None]]
    line: Callable[[], Told] | None = None
    """How the traffic with the venue is."""

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
            "line": None if self.line is None else line_told(self.line()),
        }


def line_told(line: Told) -> dict[str, Any]:
    """The traffic with the venue; milliseconds, None where nothing is known yet."""
    return {
        "weight_used": line.weight_used,
        "weight_limit": line.weight_limit,
        "orders": {span: {"used": used, "limit": limit} for span, used, limit in line.orders},
        "breaker": line.circuit.value,
        "silent_s": ceil(line.silent_s),
        "clock_skew_ms": _tenths(line.skew_ms),
        "latency_ms": _tenths(line.latency_ms),
        "order_latency_ms": _tenths(line.order_latency_ms),
    }


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


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
        *([] if health.line is None else _line_metrics(health.line())),
        "# HELP genesis_refusals_total refusals by code\n# TYPE genesis_refusals_total counter",
        *(
            f'genesis_refusals_total{{code="{code}"}} {count}'
            for code, count in sorted(readings.refusals.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _line_metrics(line: Told) -> list[str]:
    used, limit, broken = line.weight_used, line.weight_limit, line.circuit is not State.CLOSED
    known = (
        ("clock_skew_ms", "our clock less the venue's", line.skew_ms),
        ("request_latency_ms", "median of the latest answers", line.latency_ms),
        ("order_latency_ms", "median of the latest answers to orders", line.order_latency_ms),
    )
    return [
        _line("genesis_weight_used", "weight of requests in this minute", "gauge", str(used)),
        _line("genesis_weight_limit", "weight that the venue allows", "gauge", str(limit)),
        _line("genesis_line_broken", "1 while the line's breaker is open", "gauge", str(+broken)),
        _line("genesis_silent_seconds", "nothing may be sent yet", "gauge", f"{line.silent_s:.1f}"),
        *(
            _line(f"genesis_{name}", about, "gauge", f"{value:.3f}")
            for name, about, value in known
            if value is not None
        ),
    ]


def _line(name: str, about: str, kind: str, value: str) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}"


def _flag(told: dict[str, Any]) -> str:
    return "1" if told["status"] == "healthy" else "0"
