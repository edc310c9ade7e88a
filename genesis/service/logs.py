"""Log lines for people and machines: one JSON object per line, rotated, without secrets."""

import json
import logging
from collections.abc import Callable, Iterable, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

import structlog

from genesis.domain.time import format_utc
from genesis.service.clock import wall_ns

MAX_BYTES: Final = 20_000_000
KEPT_FILES: Final = 10
MANDATORY: Final = ("error_type", "correlation_id", "account_id", "tier")
_OWN: Final = frozenset({"timestamp", "level", "component", "event", *MANDATORY})
_LOGGER: Final = "genesis"

Context = Callable[[], dict[str, Any]]
"""Tells account_id and tier of the moment."""


def open_logs(file: Path, secrets: Iterable[str], context: Context) -> Callable[[], None]:
    """Send every log line of this process to `file`; returns what closes it.

    secrets: texts that must never appear, whatever field or message they came in.
    context: account_id and tier at the moment of the line.
    """
    handler = RotatingFileHandler(
        file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(handler)
    _configure(secrets, context)

    def close() -> None:
        logger.removeHandler(handler)
        handler.close()

    return close


def log(component: str) -> Any:
    """The logger of one part of the service: `.info(event, **context)` and its siblings."""
    return structlog.stdlib.get_logger(_LOGGER, component=component)


def _configure(secrets: Iterable[str], context: Context) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # the id of the request that led to the line
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _shape(context),
            _Redacted(secrets),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _shape(context: Context) -> Callable[..., MutableMapping[str, Any]]:
    """Mandatory fields on top, everything else under `context`."""

    def shape(_logger: object, _name: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
        known = context()
        shaped: dict[str, Any] = {
            "timestamp": format_utc(wall_ns()),
            "level": line.get("level", "info"),
            "component": line.get("component", "service"),
            "event": line.get("event", ""),
        }
        for name in MANDATORY:
            shaped[name] = line.get(name, known.get(name))
        shaped["context"] = {name: value for name, value in line.items() if name not in _OWN}
        return shaped

    return shape


class _Redacted:
    """Renders the line as JSON and blots out every known secret in it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [secret for secret in secrets if len(secret) >= 4]
        self._secrets = tuple(dict.fromkeys([*map(_as_json, known), *known]))

    def __call__(self, _logger: object, _name: str, line: MutableMapping[str, Any]) -> str:
        text = _json(line)
        for secret in self._secrets:
            text = text.replace(secret, "********")
        return text


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _as_json(secret: str) -> str:
    """How it stands within a line: a quote or a backslash in it is written with another one."""
    return _json(secret)[1:-1]


def _quiet() -> logging.Logger:
    """Until a file is opened, lines go nowhere: the terminal belongs to the command line."""
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.INFO)
    logger.propagate = False
    _configure((), dict)
    return logger


_quiet()
