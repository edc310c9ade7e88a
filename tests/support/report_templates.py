"""Small report templates: written where a test wants them."""

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'date = "2024-08-08"\nhome = None'
FIGURE = """import plotly.graph_objects as go
go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 3, 2]), layout={"title": "three </script> points"})"""
TABLE = "import pandas as pd\npd.DataFrame({'qty': range(40)})"


def template(
    folder: Path, *cells: str, name: str = "small", parameters: str | None = PARAMETERS
) -> Path:
    """Write a template with these code cells; the folder it lies in."""
    tagged: list[Any] = []
    if parameters is not None:
        tagged = [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# What was done?\n\nA *small* report."),
            *tagged,
            *map(new_code_cell, cells),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder
