"""Every numbered invariant of discipline has a property-based test that names it.

A test names the invariants it holds in its own name (`test_i7_...`, `test_i15_i16_...`) or in its
docstring ("I7: ..."). `D19`: protective stops stay.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
NUMBERS = (*(f"I{n}" for n in range(1, 49)), "D19")
IN_WORDS = re.compile(r"\b([ID]\d+)\b")


def is_property(function: ast.FunctionDef) -> bool:
    """Is it run by hypothesis?"""
    calls = [one.func for one in function.decorator_list if isinstance(one, ast.Call)]
    return any(isinstance(one, ast.Name) and one.id == "given" for one in calls)


def named(function: ast.FunctionDef) -> set[str]:
    """The numbers a test claims to hold."""
    by_name, rest = set(), function.name
    while found := re.match(r"(?:test)?_([id]\d+)(?=_)", rest):
        by_name.add(found[1].upper())
        rest = rest[found.end() :]
    return by_name | set(IN_WORDS.findall(ast.get_docstring(function) or ""))


@cache
def held() -> dict[str, list[str]]:
    """Number -> the property-based tests that name it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and is_property(node):
                for number in named(node):
                    found.setdefault(number, []).append(
                        f"{path.relative_to(TESTS).as_posix()}::{node.name}"
                    )
    return found


@pytest.mark.parametrize("number", NUMBERS)
def test_it_is_held_by_a_property(number: str) -> None:
    assert held().get(number), f"no property-based test names {number}"
