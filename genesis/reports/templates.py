"""Report templates: notebooks with a cell tagged `parameters`, checked before anything runs."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import nbformat

from genesis.errors import DataError, UsageError
from genesis.service.home import find_checkout

TAG: Final = "parameters"
KERNEL: Final = {"display_name": "Python 3", "language": "python", "name": "python3"}
_PACKAGE: Final = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Where the templates lie: in the checkout, or packaged beside the code.

    Raises:
        UsageError: neither is there.
    """
    checkout = find_checkout(_PACKAGE)
    packaged = _PACKAGE / "_share" / "notebooks" / "reports"
    found = packaged if checkout is None else checkout / "notebooks" / "reports"
    if not found.is_dir():
        raise UsageError(f"there are no report templates at {found}: install Genesis again")
    return found


def load(name: str, templates: Path | None = None) -> Any:
    """The notebook of a template.

    Raises:
        UsageError: there is none of that name; the known ones are named.
        DataError: it is no notebook, or no cell is tagged `parameters`.
    """
    place = folder() if templates is None else templates
    path = place / f"{name}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in place.glob("*.ipynb"))) or "none"
        raise UsageError(f"no report is called {name!r}: {place} holds {known}")
    try:
        notebook: Any = nbformat.read(path, as_version=4)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        nbformat.ValidationError,
    ) as problem:
        reason = " ".join(str(problem).split())[:120]
        raise DataError(f"{path} is no notebook ({reason}): restore it") from None
    if not any(TAG in cell.metadata.get("tags", ()) for cell in notebook.cells):
        raise DataError(
            f"{path}: no cell is tagged `{TAG}`: tag the cell that sets its parameters "
            "(date, home) so that a report can set them"
        )
    notebook.metadata["kernelspec"] = dict(KERNEL)
    return notebook


def require_parameters(name: str, notebook: Any, given: Mapping[str, object]) -> None:
    """See that the template knows every parameter given; those not given have a value in it.

    Raises:
        UsageError: a parameter is unknown; the nearest one is named.
    """
    from papermill import inspect_notebook

    known: dict[str, Any] = inspect_notebook(notebook)
    for parameter in given:
        if parameter not in known:
            raise UsageError(
                f"the report {name} has no parameter {parameter!r}"
                f"{_meant(parameter, known)}: its `{TAG}` cell knows {', '.join(known) or 'none'}"
            )


def _meant(parameter: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(parameter, known, 1)
    return f", perhaps {near[0]!r} was meant" if near else ""
