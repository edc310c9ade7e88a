"""What a notebook calls: one function for each face, as often as it likes."""

import sys
from pathlib import Path
from subprocess import run

import pytest

from genesis import panels

HEAVY = (
    "pandas",
    "plotly",
    "ccxt",
    "numba",
    "numpy",
    "duckdb",
    "sqlalchemy",
    "pydantic",
    "fastapi",
)


@pytest.mark.parametrize("name", panels.__all__)
def test_a_face_can_be_asked_for_again(name: str, tmp_path: Path) -> None:
    first = getattr(panels, name)(tmp_path)
    second = getattr(panels, name)(tmp_path)
    assert first is not second
    first.close()
    second.close()


def test_a_kernel_that_shows_the_faces_imports_nothing_heavy() -> None:
    lines = f"""
import sys
from genesis import panels
for name in panels.__all__:
    getattr(panels, name)({str(Path.cwd())!r})
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    told = run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""
