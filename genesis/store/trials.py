"""The trial ledger: one row per run of a strategy on data, never changed, never removed.

It lies in `trials/trials.db` of a home, apart from the event log: research never touches what
trades. Several processes may write at once. A row is in the file before the next one is made, so
a killed search leaves what it had tried (a loss of power may take the last rows).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, Pool, QueuePool

from genesis.domain.quick import quick
from genesis.errors import ConfigError
from genesis.store.private import FOLDER_MODE, make_empty

FOLDER: Final = "trials"
FILE: Final = "trials.db"
SCHEMA: Final = 1
"""The newest form of the file this code knows, kept in its `user_version`."""
KINDS: Final = ("engine", "screen", "holdout")
_BUSY_S: Final = 30.0

metadata = sa.MetaData()
_Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ts_ns", _Whole, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("data_hash", sa.Text, nullable=False),
    sa.Column("first_ns", _Whole, nullable=False),
    sa.Column("last_ns", _Whole, nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("conditions", sa.Text, nullable=False),
    sa.Column("rules_hash", sa.Text, nullable=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("value", sa.REAL),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sweep", sa.Text, nullable=False),
    sa.CheckConstraint("kind IN ('engine', 'screen', 'holdout')", name="trials_kind"),
    sqlite_strict=True,
)
sa.Index("trials_of", trials.c.strategy, trials.c.symbol)

holdouts = sa.Table(
    "holdouts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ts_ns", _Whole, nullable=False),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("first_ns", _Whole, nullable=False),
    sa.Column("last_ns", _Whole, nullable=False),
    sqlite_strict=True,
)


@quick
@dataclass(frozen=True, slots=True)
class Trial:
    """One run.

    ts_ns: when it was made (UTC). first_ns, last_ns: stamps of the first and last row of its data.
    params, conditions: JSON values by name. value: of the metric; None where it has none. kind:
    engine, screen or holdout. sweep: names the search it was part of; empty for a single run.
    """

    ts_ns: int
    strategy: str
    code_hash: str
    symbol: str
    data_hash: str
    first_ns: int
    last_ns: int
    params: Mapping[str, Any]
    conditions: Mapping[str, Any]
    rules_hash: str
    metric: str
    value: float | None
    kind: str = "engine"
    sweep: str = ""


_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_NAMES: Final = tuple(field.name for field in fields(Trial))


@dataclass(frozen=True, slots=True)
class Counted:
    """runs: all rows. trials: different ones of them (the same one run again is no further try).
    peeks: runs that saw data held out.
    """

    runs: int
    trials: int
    peeks: int


class TrialLedger:
    """The ledger of one home. The file is made when the first row is written."""

    def __init__(self, home: Path) -> None:
        self.path = home / FOLDER / FILE

    def record(self, rows: Sequence[Trial]) -> None:
        """Add rows, all of them or none. What touches a span that is held out counts as a peek.

        Raises:
            ConfigError: the ledger cannot be written, or is of a newer Genesis.
        """
        if not rows:
            return
        with self._writing() as connection:
            kept_back = connection.execute(sa.select(holdouts)).all()
            texts: dict[int, str] = {}
            values = [_row(one, _kind(one, kept_back), texts) for one in rows]
            connection.execute(sa.insert(trials), values)

    def hold_out(self, symbol: str, first_ns: int, last_ns: int, ts_ns: int) -> None:
        """From now on, whatever run sees data of the symbol in [first_ns, last_ns] is a peek."""
        row = {"ts_ns": ts_ns, "symbol": symbol, "first_ns": first_ns, "last_ns": last_ns}
        with self._writing() as connection:
            connection.execute(sa.insert(holdouts).values(row))

    def count(self, strategy: str, symbol: str, span_ns: tuple[int, int] | None = None) -> Counted:
        """Runs of a strategy on data of a symbol that overlap the span (None: all of them).

        Another window of the same market is the same hunting ground: only a span that shares
        nothing with it starts anew.
        """
        if not self.path.is_file():
            return Counted(0, 0, 0)
        t = trials.c
        where = [t.strategy == strategy, t.symbol == symbol]
        if span_ns is not None:
            where += [t.first_ns <= span_ns[1], t.last_ns >= span_ns[0]]
        what = (t.code_hash, t.data_hash, t.params, t.conditions, t.rules_hash)
        different = sa.select(*what).where(*where).distinct().subquery()
        peeks = sa.func.coalesce(sa.func.sum(sa.case((t.kind == "holdout", 1), else_=0)), 0)
        with self._reading() as connection:
            runs, seen = connection.execute(sa.select(sa.func.count(), peeks).where(*where)).one()
            count = connection.scalar(sa.select(sa.func.count()).select_from(different))
        return Counted(int(runs), int(count or 0), int(seen))

    def rows(self) -> list[dict[str, Any]]:
        """Every row, oldest first, params and conditions as JSON text."""
        if not self.path.is_file():
            return []
        with self._reading() as connection:
            found = connection.execute(sa.select(trials).order_by(trials.c.id)).mappings()
            return [dict(row) for row in found]

    # -- the file ----------------------------------------------------------------------------
    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with _told(self.path, "written"):
            self.path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            make_empty(self.path)
            found = self.path.stat()
            engine = _kept(self.path, found.st_dev, found.st_ino)
            with engine.begin() as connection:
                self._require_known(connection, makes=True)
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _told(self.path, "read"), _engine(self.path, "ro", NullPool).connect() as connection:
            self._require_known(connection, makes=False)
            yield connection

    def _require_known(self, connection: sa.Connection, *, makes: bool) -> None:
        found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if found == 0 and makes:
            _make(connection)
        elif found != SCHEMA:
            raise ConfigError(
                f"{self.path} is a trial ledger of form {found}, this Genesis knows {SCHEMA}: "
                "upgrade genesis, or name another home"
            )


def _make(connection: sa.Connection) -> None:
    metadata.create_all(connection)
    for table in ("trials", "holdouts"):
        for act in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only: {act} refused'); END"
            )
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


@lru_cache(maxsize=2)
def _kept(path: Path, device: int, inode: int) -> sa.Engine:
    """For the next row of this very file: opening and closing it would cost more than the row."""
    return _engine(path, "rw", QueuePool)


def _engine(path: Path, mode: str, pool: type[Pool]) -> sa.Engine:
    def connect() -> Any:
        connection = driver.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA recursive_triggers = ON")
        if mode == "rw":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    engine = sa.create_engine("sqlite://", module=driver, creator=connect, poolclass=pool)
    begin = "BEGIN IMMEDIATE" if mode == "rw" else "BEGIN"

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, SQLAlchemyError, driver.Error) as problem:
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        raise ConfigError(
            f"the trial ledger {path} cannot be {what} ({cause}): what is not counted is not "
            "shown; free some space, or set GENESIS_HOME to a folder that can be written"
        ) from problem


def _kind(one: Trial, kept_back: Sequence[Any]) -> str:
    if one.kind not in KINDS:
        raise ValueError(f"a trial is of kind {', '.join(KINDS)}, not {one.kind!r}")
    peeks = any(
        row.symbol == one.symbol and row.first_ns <= one.last_ns and one.first_ns <= row.last_ns
        for row in kept_back
    )
    return "holdout" if peeks else one.kind


def _row(one: Trial, kind: str, texts: dict[int, str]) -> dict[str, Any]:
    """texts: of conditions by their identity: all rows of a search share them."""
    row = {name: getattr(one, name) for name in _NAMES}
    value = one.value
    bare = value is None or value != value or abs(value) == float("inf")
    shared = texts.get(id(one.conditions))
    if shared is None:
        shared = texts[id(one.conditions)] = _json(one.conditions)
    told = {"params": _json(one.params), "conditions": shared}
    return {**row, **told, "kind": kind, "value": None if bare else float(value or 0.0)}


def _json(values: Mapping[str, Any]) -> str:
    return _ENCODER.encode(dict(values))
