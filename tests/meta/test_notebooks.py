"""Notebooks stay thin: they ask a question, call the package, and show the answer."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
DASHBOARDS = sorted((ROOT / "dashboards").glob("*.ipynb"))
ALLOWED = {
    "notebooks": ("genesis.research", "genesis.analytics"),
    "dashboards": ("genesis.panels",),
}
LONGEST_CELL = 12
LONGEST_LOOP = 3

Notebook = dict[str, Any]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def faults(notebook: Notebook, kind: str, *, template: bool = False) -> list[str]:
    """Everything that makes a notebook more than a face, in plain words."""
    cells = notebook["cells"]
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    found = [
        fault for number, cell in enumerate(codes, 1) for fault in _of_cell(cell, number, kind)
    ]
    if kind == "notebooks" and not _asks(cells[0]):
        found.append("the first cell is no markdown question")
    if template and not any("parameters" in c["metadata"].get("tags", []) for c in codes):
        found.append("no cell is tagged parameters")
    if "kernelspec" not in notebook["metadata"]:
        found.append("no kernelspec")
    return found


def _asks(cell: Notebook) -> bool:
    return cell["cell_type"] == "markdown" and "?" in "".join(cell["source"])


def _of_cell(cell: Notebook, number: int, kind: str) -> list[str]:
    source = "".join(cell["source"])
    found = []
    if cell["outputs"] or cell["execution_count"] is not None:
        found.append("outputs are committed")
    if len(source.splitlines()) > LONGEST_CELL:
        found.append(f"longer than {LONGEST_CELL} lines")
    for node in ast.walk(ast.parse(source)):
        found += _of_node(node, kind)
    return [f"code cell {number}: {fault}" for fault in found]


def _of_node(node: ast.AST, kind: str) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [f"defines {node.name}"]
        case ast.For() | ast.While() | ast.AsyncFor():
            long = (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_LOOP
            return [f"a loop over {LONGEST_LOOP} lines"] if long else []
        case ast.Import():
            modules = [alias.name for alias in node.names]
        case ast.ImportFrom():
            modules = [node.module or "."]
        case _:
            return []
    return [f"imports {name}" for name in modules if not name.startswith(ALLOWED[kind])]


@pytest.mark.parametrize("path", [*NOTEBOOKS, *DASHBOARDS], ids=name_of)
def test_a_face_is_thin(path: Path) -> None:
    kind = path.relative_to(ROOT).parts[0]
    template = path.parent.name == "reports"
    assert not faults(json.loads(path.read_text()), kind, template=template)


def test_there_is_a_notebook_and_its_number_says_its_place() -> None:
    assert NOTEBOOKS
    numbered = [path.name for path in NOTEBOOKS if path.parent.name == "notebooks"]
    assert all(name[:2].isdigit() and name[2] == "_" for name in numbered)


def notebook_of(source: str, **metadata: Any) -> Notebook:
    question = {"cell_type": "markdown", "metadata": {}, "source": ["# What happened?"]}
    code = {
        "cell_type": "code",
        "metadata": metadata,
        "source": source.splitlines(keepends=True),
        "outputs": [],
        "execution_count": None,
    }
    return {"cells": [question, code], "metadata": {"kernelspec": {}}}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("def f():\n    pass", "defines f"),
        ("class C:\n    pass", "defines C"),
        ("for i in x:\n    a\n    b\n    c", "loop"),
        ("\n".join("a" for _ in range(13)), "longer than 12"),
        ("import pandas", "imports pandas"),
        ("from genesis.engine.engine import Engine", "imports genesis.engine"),
    ],
)
def test_a_deliberate_fault_is_found(source: str, fault: str) -> None:
    assert any(fault in told for told in faults(notebook_of(source), "notebooks"))


def test_a_clean_one_is_not_blamed_and_the_frame_of_a_notebook_is_checked() -> None:
    clean = notebook_of("from genesis.research import backtest\nbacktest")
    assert faults(clean, "notebooks") == []
    assert faults(clean, "dashboards") == ["code cell 1: imports genesis.research"]
    assert "no cell is tagged parameters" in faults(clean, "notebooks", template=True)
    tagged = notebook_of("x = 1", tags=["parameters"])
    assert faults(tagged, "notebooks", template=True) == []
    clean["cells"][1]["outputs"] = [{}]
    assert faults(clean, "notebooks") == ["code cell 1: outputs are committed"]
    clean["cells"].pop(0)
    assert "the first cell is no markdown question" in faults(clean, "notebooks")
