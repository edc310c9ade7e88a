"""Every exception of Genesis, in one tree. Each docstring says what the system does then.

GenesisError
├── ConfigError              1xxx  refuse to start
│   ├── UsageError           11xx  refuse the call; nothing was changed
│   └── DataError            12xx  refuse the file or row; nothing half-written
├── InvariantBroken          2xxx  halt, cancel entry orders
├── EventLogError            3xxx  halt; de-risking goes on through the plain second log
├── ExchangeError            4xxx
│   ├── Rejected             41xx  the venue said no: the order ended
│   ├── Unreachable          42xx  breaker counts it; orders sent become unresolved
│   └── OutOfSync            43xx  reconcile before any new risk
├── OperatorError            5xxx  shown calmly; only at the operator's door
│   ├── TierViolation        51xx
│   ├── RiskLimitExceeded    52xx
│   └── TiltInterventionRequired  53xx
├── NotBuilt                 6xxx  say so; nothing pretends
├── ReportFailed             7xxx  the older report stays; nothing half-written
├── WorkerLost               8xxx  the search ends; what was tried stays counted
└── StrategyFailed           9xxx  the run ends there; there is no result
"""


class GenesisError(Exception):
    """Root of all. `code` is GENESIS-nnnn, `message` one line: what, where, what to do."""

    code = "GENESIS-0000"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class ConfigError(GenesisError):
    """Settings or rules cannot be used: refuse to start."""

    code = "GENESIS-1000"


class UsageError(ConfigError):
    """A call asks for something unknown or impossible: refuse it, change nothing."""

    code = "GENESIS-1100"


class DataError(ConfigError):
    """A file or row cannot be used: name file, line and reason; write nothing half."""

    code = "GENESIS-1200"


class InvariantBroken(GenesisError):
    """The code is wrong: halt and cancel entry orders."""

    code = "GENESIS-2000"


class EventLogError(GenesisError):
    """The event log cannot be read or written: halt; de-risking goes on."""

    code = "GENESIS-3000"


class ExchangeError(GenesisError):
    """Something between us and the venue."""

    code = "GENESIS-4000"


class Rejected(ExchangeError):
    """The venue gave a definite no: the order ended, reserved money is free again."""

    code = "GENESIS-4100"


class Unreachable(ExchangeError):
    """No definite answer: what was sent is unresolved until a query settles it."""

    code = "GENESIS-4200"


class OutOfSync(ExchangeError):
    """Ours and the venue's truth differ: reconcile before any new risk."""

    code = "GENESIS-4300"


class OperatorError(GenesisError):
    """An act of the operator was refused: shown calmly."""

    code = "GENESIS-5000"


class TierViolation(OperatorError):
    """The feature is not unlocked in this tier: nothing happens."""

    code = "GENESIS-5100"


class RiskLimitExceeded(OperatorError):
    """A limit of the risk engine refuses the act: nothing happens."""

    code = "GENESIS-5200"


class TiltInterventionRequired(OperatorError):
    """Trading is locked until the intervention is done: nothing happens."""

    code = "GENESIS-5300"


class NotBuilt(GenesisError):
    """A named feature that a later version brings: say so plainly."""

    code = "GENESIS-6000"


class ReportFailed(GenesisError):
    """A report could not be made: say why in one line; an older one stays as it is."""

    code = "GENESIS-7000"


class WorkerLost(GenesisError):
    """Processes of a search ended by themselves, again and again: it ends, and says where."""

    code = "GENESIS-8000"


class StrategyFailed(GenesisError):
    """A strategy raised, never came back, or wished for what means nothing: the run ends there and
    gives no result; live, trading stops.
    """

    code = "GENESIS-9000"
