"""A notebook run by papermill in a kernel of its own, under a watchdog that always comes back.

The kernel is this very Python, with no setting that is secret, no startup file of the user and no
history; papermill runs in a thread. The caller's thread watches: a kernel that takes too long, or
is killed, is ended with all its children, and the caller gets one clear error.
"""

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import PapermillExecutionError, execute_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from genesis import errors
from genesis.errors import GenesisError, ReportFailed
from genesis.service.clock import elapsed_ns

Progress = Callable[[int, int], None]
"""Told cells done and cells in all."""

_POLL_S: Final = 0.1
_GRACE_S: Final = 5.0
"""How long papermill may take to notice that its kernel is gone."""
_ENGINE: Final = "genesis"
_KEPT: Final = ("GENESIS_HOME", "GENESIS_REQUIRE_ALL")
_LEFT_OUT: Final = ("GENESIS_", "PYTHONSTARTUP")
_ARGUMENTS: Final = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


@dataclass(slots=True)
class _Course:
    """What the watched thread tells of itself."""

    folder: Path
    done: int = 0
    manager: Any = None
    notebook: Any = None
    problem: BaseException | None = None
    cells: int = field(default=0)

    @property
    def process(self) -> Any:
        provisioner = getattr(self.manager, "provisioner", None)
        return getattr(provisioner, "process", None)

    @property
    def is_dead(self) -> bool:
        """The kernel was started and has ended."""
        process = self.process
        return process is not None and process.poll() is not None

    def kill(self) -> None:
        """End the kernel and everything it started."""
        process = self.process
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) != os.getpgid(0):
                os.killpg(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            process.kill()


def execute(
    notebook: Any,
    parameters: Mapping[str, object],
    *,
    limit_s: float,
    progress: Progress = lambda done, cells: None,
) -> Any:
    """The notebook with its outputs.

    Raises:
        GenesisError: of the kind that a cell raised.
        ReportFailed: a cell broke, the kernel was killed, or it all took longer than `limit_s`.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-report-") as folder:
        course = _Course(Path(folder), cells=len(notebook.cells))
        thread = threading.Thread(
            target=_work, args=(course, notebook, parameters), daemon=True, name="report"
        )
        thread.start()
        try:
            _watch(course, thread, limit_s, progress)
        except BaseException:
            course.kill()
            thread.join(_GRACE_S)
            raise
    if course.problem is not None:
        raise _in_words(course)
    return course.notebook


def _watch(course: _Course, thread: threading.Thread, limit_s: float, progress: Progress) -> None:
    """Come back when the thread has ended, or as soon as it cannot end well any more."""
    began = elapsed_ns()
    dead_since: int | None = None
    told = -1
    while thread.is_alive():
        thread.join(_POLL_S)
        now = elapsed_ns()
        if course.done != told:
            told = course.done
            progress(told, course.cells)
        if now - began > limit_s * 1e9:
            raise ReportFailed(
                f"it took longer than {limit_s:g} s ({_place(course)}) and was ended: "
                "give it more time (--limit), or look at the cell"
            )
        dead_since = (dead_since or now) if course.is_dead and course.done < course.cells else None
        if dead_since is not None and now - dead_since > _GRACE_S * 1e9:
            raise _killed(course)


def _work(course: _Course, notebook: Any, parameters: Mapping[str, object]) -> None:
    """The thread: papermill from start to end."""
    try:
        course.notebook = execute_notebook(
            notebook,
            None,
            dict(parameters),
            engine_name=_ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            course=course,
        )
    except BaseException as problem:  # noqa: BLE001  # carried over to the caller's thread
        course.problem = problem


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # untyped
    """Papermill's client, with this Python as its kernel and a course that it tells."""

    def __init__(self, manager: Any, course: _Course, **options: Any) -> None:
        super().__init__(manager, km=_kernel_manager(course), **options)
        course.cells = len(self.nb.cells)
        course.manager = self.km
        self._course = course
        self.record_timing = False

    def execute_cell(self, cell: Any, cell_index: int, **given: Any) -> Any:
        done = super().execute_cell(cell, cell_index, **given)
        self._course.done = cell_index + 1
        return done


class _Engine(NBClientEngine):  # type: ignore[misc]  # untyped
    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> Any:
        course: _Course = given["course"]
        client = _Client(nb_man, course, startup_timeout=60, log=_log)
        with (course.folder / "kernel.log").open("w") as out:
            return client.execute(
                cleanup_kc=True,
                cwd=str(course.folder),
                env=_environment(course.folder),
                stdout=out,
                stderr=out,
            )


papermill_engines.register(_ENGINE, _Engine)

_log = logging.getLogger("papermill")
_log.addHandler(logging.NullHandler())
_log.propagate = False
"""What papermill and nbclient tell of a failure, we tell in our own words."""


def _kernel_manager(course: _Course) -> AsyncKernelManager:
    manager = AsyncKernelManager(
        connection_file=str(course.folder / "kernel.json"),
        transport="ipc",  # a port that is free now may be somebody else's when the kernel binds it
    )
    manager._kernel_spec = KernelSpec(  # the one named python3 may be another Python
        argv=[sys.executable, *_ARGUMENTS], language="python", display_name="Genesis"
    )
    return manager


def _environment(folder: Path) -> dict[str, str]:
    """This process's, without our settings (keys among them), startup files and chance."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith(_LEFT_OUT)
    }
    paths = [str(Path(errors.__file__).resolve().parents[1]), kept.get("PYTHONPATH", "")]
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONHASHSEED": "0",
        "PLOTLY_RENDERER": "plotly_mimetype",
        "IPYTHONDIR": str(folder / "ipython"),
    }


def _in_words(course: _Course) -> BaseException:
    """What broke, as an error that says it in one line."""
    problem = course.problem
    if isinstance(problem, PapermillExecutionError):
        return _of_cell(str(problem.ename), str(problem.evalue), problem.cell_index + 1)
    if isinstance(problem, DeadKernelError | CellTimeoutError) or course.is_dead:
        return _killed(course)
    assert problem is not None
    return problem


def _of_cell(kind: str, text: str, cell: int) -> GenesisError:
    """An error of ours comes out as it was raised; any other names its cell."""
    line = next((each.strip() for each in reversed(text.splitlines()) if each.strip()), "")
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, GenesisError):
        code, _, message = line.partition(" ")
        return known(message, code) if code.startswith("GENESIS-") else known(line)
    return ReportFailed(f"cell {cell} broke: {kind}: {line}" if line else f"cell {cell}: {kind}")


def _killed(course: _Course) -> ReportFailed:
    process = course.process
    code = None if process is None else process.poll()
    how = "could not be started" if process is None else "ended"
    if code is not None and code < 0:
        how = f"was killed ({signal.Signals(-code).name})"
    return ReportFailed(
        f"the kernel {how} {_place(course)}{_last_words(course)}: look whether memory is short, "
        "then run it again"
    )


def _place(course: _Course) -> str:
    return f"after {course.done} of {course.cells} cells"


def _last_words(course: _Course) -> str:
    """The last line that a kernel wrote which never ran a cell."""
    with suppress(OSError):
        told = (course.folder / "kernel.log").read_text(errors="replace").strip()
        if told and not course.done:
            return f" ({told.splitlines()[-1][:200]})"
    return ""
