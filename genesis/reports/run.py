"""One report: a template run for one day, kept as a notebook and as one offline HTML."""

import re
from pathlib import Path
from typing import Any, Final

from genesis.errors import GenesisError
from genesis.reports import files, templates
from genesis.reports.days import LastRow, last_rows, report_folder, require_day
from genesis.reports.kernel import Progress, execute
from genesis.store.database import DATABASE_NAME

LIMIT_S: Final = 120.0
"""Wall seconds that a report may take."""
_LOST: Final = ("papermill", "execution", "widgets", "trusted", "scrolled")
_STANDS: Final = re.compile(rb'<meta name="genesis-row" content="(\d+) ([0-9a-f]+)">')
_HEAD: Final = 1_000
"""Bytes of a page in which its row is found."""


def run(
    name: str,
    *,
    date: str,
    home: Path,
    out: Path | None = None,
    limit_s: float = LIMIT_S,
    progress: Progress = lambda done, cells: None,
    template_folder: Path | None = None,
    **parameters: object,
) -> Path:
    """Make the report `name` of a UTC day; the path of its HTML, the notebook lies beside it.

    out: a folder; default: `reports/DATE` of the home. parameters: further ones of the template.

    Raises:
        UsageError: no such report, day or parameter.
        DataError: the template cannot be used, or the disk is full; an older report stays.
        ReportFailed: a cell broke, the kernel was killed, or it took longer than `limit_s`.
        GenesisError: what a cell raised, such as EventLogError of a damaged log.
    """
    require_day(date)
    given = {"date": date, "home": str(home), **parameters}
    notebook = templates.load(name, template_folder)
    templates.require_parameters(name, notebook, given)
    folder = report_folder(home, date) if out is None else out
    files.require_place(folder)
    try:
        last = _last_row(home, date)
        done = execute(notebook, given, limit_s=limit_s, progress=progress)
    except GenesisError as problem:
        message = f"report {name} of {date}: {problem.message}"
        raise type(problem)(message, problem.code) from problem
    files.place(folder, made_of(name, settled(done), last))
    return folder / f"{name}.html"


def _last_row(home: Path, date: str) -> LastRow | None:
    """Where the day ends in the log now, before anything of it is read; None without a log."""
    return last_rows(home, [date])[date] if (home / DATABASE_NAME).is_file() else None


def stands_on(page: Path) -> LastRow | None:
    """The last row its day had when a report was made; None where there is none to be told."""
    try:
        with page.open("rb") as file:
            found = _STANDS.search(file.read(_HEAD))
    except FileNotFoundError:
        return None
    return LastRow(int(found[1]), found[2].decode()) if found else None


def made_of(name: str, notebook: Any, last: LastRow | None) -> dict[str, bytes]:
    """File names and bytes of a report of a day that ends, so far, in the row `last`."""
    import nbformat

    from genesis.reports.html import page_of

    return {
        f"{name}.ipynb": (nbformat.writes(notebook, version=4) + "\n").encode(),
        f"{name}.html": page_of(notebook, last).encode(),
    }


def settled(notebook: Any) -> Any:
    """The notebook without what differs from run to run: ids, stamps, versions."""
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:02}"
        for key in _LOST:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", ()):
            output.pop("transient", None)
    notebook["metadata"] = type(notebook.metadata)(
        kernelspec=dict(templates.KERNEL),
        language_info={"name": "python"},
    )
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook
