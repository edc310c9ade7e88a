"""What a report's process is told before its first figure."""

import sys

import plotly.io as pio
import pytest

from genesis.research.style import report_figures


def test_a_report_builds_no_grammar_of_web_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pio.renderers, "default", pio.renderers.default)
    monkeypatch.delitem(sys.modules, "rfc3987_syntax")
    report_figures()
    assert sys.modules["rfc3987_syntax"] is None
    assert pio.renderers.default == "plotly_mimetype"
