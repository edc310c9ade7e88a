"""A notebook as a page: what is shown, what is left out, and nothing that could call out."""

from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from genesis.reports.html import LONG_TABLE, page_of

FIGURE = {
    "data": [{"type": "scatter", "y": [1, 3, 2]}],
    "layout": {"title": {"text": "<b>Equity</b> </script><script>alert(1)</script>"}},
}


def notebook(*outputs: Any, words: str = "# What was done?", code: str = "secret = 1") -> Any:
    return new_notebook(
        cells=[new_markdown_cell(words), new_code_cell(code, outputs=list(outputs))]
    )


def shown(mime: str, data: Any) -> Any:
    return new_output("execute_result", {mime: data})


def test_code_is_left_out_and_text_is_escaped() -> None:
    page = page_of(notebook(new_output("stream", name="stdout", text="a < b\n")))
    assert "secret = 1" not in page
    assert "a &lt; b" in page


def test_what_went_to_stderr_is_not_part_of_the_report() -> None:
    page = page_of(notebook(new_output("stream", name="stderr", text="FutureWarning")))
    assert "FutureWarning" not in page


def test_plotly_comes_once_and_only_where_there_is_a_figure() -> None:
    without = page_of(notebook(shown("text/html", "<b>x</b>")))
    mime = "application/vnd.plotly.v1+json"
    once, twice = (page_of(notebook(*[shown(mime, FIGURE)] * n)) for n in (1, 2))
    assert len(without) < 20_000
    assert 1e6 < len(once) < 3e6
    assert len(twice) - len(once) < 2_000


def test_a_figure_cannot_end_its_script_and_says_what_it_is() -> None:
    page = page_of(notebook(shown("application/vnd.plotly.v1+json", FIGURE)))
    assert "<script>alert(1)" not in page
    assert 'aria-label="Equity' in page


@pytest.mark.parametrize(("rows", "folded"), [(LONG_TABLE - 1, False), (LONG_TABLE + 1, True)])
def test_a_long_table_is_folded(rows: int, folded: bool) -> None:
    table = f"<table><tr><th>n</th></tr>{'<tr><td>1</td></tr>' * rows}</table>"
    page = page_of(notebook(shown("text/html", table)))
    assert (f"<details><summary>{rows} rows</summary>" in page) is folded


def test_a_table_that_is_folded_already_is_left_alone() -> None:
    table = f"<details><table>{'<tr></tr>' * 99}</table></details>"
    assert page_of(notebook(shown("text/html", table))).count("<details") == 1


def test_the_richest_form_is_shown() -> None:
    both = new_output("display_data", {"text/plain": "plain", "text/html": "<i>rich</i>"})
    page = page_of(notebook(both))
    assert "<i>rich</i>" in page
    assert "<pre>plain" not in page


def test_the_title_is_the_first_heading_with_the_day() -> None:
    page = page_of(notebook(words="intro\n\n# How & why?\n", code='date = "2024-08-08"'))
    assert "<title>How &amp; why? · 2024-08-08</title>" in page
    assert "<title>Report</title>" in page_of(notebook(words="no heading"))


def test_the_page_is_a_function_of_the_notebook() -> None:
    made = notebook(shown("application/vnd.plotly.v1+json", FIGURE), shown("text/html", "x"))
    again = nbformat.reads(nbformat.writes(made), as_version=4)
    for cell, other in zip(made.cells, again.cells, strict=True):
        cell["id"], other["id"] = "a", "b"
    assert page_of(made) == page_of(again)
