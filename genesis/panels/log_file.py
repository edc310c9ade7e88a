"""What Voila, tornado and the kernels have to say: into one file of the home, not the terminal."""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from typing import Final

from genesis.service.home import Home

FILE: Final = "dashboard.log"
_LOGGERS: Final = ("genesis.dashboard", "traitlets", "tornado", "asyncio")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m|\\x1b\[[0-9;]*m")
_NO_NEWS: Final = ("is not trusted", "websocket_ping_timeout")
"""Said at every page, and nothing to act upon."""


@contextmanager
def log_to(home: Home, secret: str) -> Iterator[logging.Logger]:
    """The dashboard's own logger, while the block lasts. No line holds the secret."""
    file = home.log_file.with_name(FILE)
    handler = RotatingFileHandler(file, maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(_Plain(secret))
    handler.addFilter(lambda line: not any(word in line.getMessage() for word in _NO_NEWS))
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.addHandler(logging.NullHandler())  # what is said at the very end goes nowhere
        logger.propagate = False
    loggers[0].setLevel(logging.INFO)
    try:
        yield loggers[0]
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


class _Plain(logging.Formatter):
    """UTC, and without the colours of a notebook's traceback."""

    def __init__(self, secret: str) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s %(message)s")
        self._secret = secret

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        return _COLOURS.sub("", super().format(record)).replace(self._secret, "[token]")
