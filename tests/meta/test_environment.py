"""environment.yml, pyproject.toml, the workflow and the code agree on what is needed."""

import ast
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())

BEHIND_OTHERS = {
    "ipykernel": "the kernel of every notebook",
    "sqlcipher3": "the driver SQLAlchemy opens the database with",
    "tzdata": "the time zones of pandas where the system has none",
}
PART_OF = {"pydantic-core": "pydantic", "starlette": "fastapi"}  # each pins its own exactly
NIGHT = {"reports"}
RESEARCH = {"research"}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@cache
def imported(package: Path) -> dict[str, set[str]]:
    """Third-party modules imported under `package`, each with the files that do it."""
    found: dict[str, set[str]] = {}
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in modules:
                head = module.partition(".")[0]
                if head not in sys.stdlib_module_names and head != "genesis":
                    found.setdefault(head, set()).add(file.relative_to(package).as_posix())
    return found


@cache
def installed() -> Mapping[str, list[str]]:
    """Names of distributions by module; it takes a second to look at all of them."""
    return packages_distributions()


def distributions_of(module: str) -> set[str]:
    found = {canonicalize_name(name) for name in installed().get(module, [module])}
    return found | {PART_OF[name] for name in found if name in PART_OF}


def test_the_conda_environment_installs_the_project_and_pins_nothing_twice() -> None:
    assert CONDA["name"] == PROJECT["project"]["name"] == "genesis"
    assert CONDA["channels"] == ["conda-forge"]
    python, pip, section = CONDA["dependencies"]
    assert pip == "pip"
    (line,) = section["pip"]
    extras = re.fullmatch(r"-e \.(?:\[([a-z,]+)\])?", line)
    assert extras, line
    named = set((extras[1] or "").split(",")) - {""}
    assert named <= set(PROJECT["project"]["optional-dependencies"])
    version = python.removeprefix("python=")
    assert version in SpecifierSet(PROJECT["project"]["requires-python"])


def test_python_3_11_is_the_floor_everywhere_and_nothing_bounds_it_above() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.11"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert CONDA["dependencies"][0] == "python=3.11"


def test_the_workflow_runs_the_script_on_the_floor_and_on_a_newer_python() -> None:
    job = WORKFLOW["jobs"]["run"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert job["steps"][-1] == {"run": "bash .ci/run"}


def test_everything_the_package_imports_is_declared() -> None:
    needed = names(PROJECT["project"]["dependencies"])
    notify = names(PROJECT["project"]["optional-dependencies"]["notify"])
    scale = names(PROJECT["project"]["optional-dependencies"]["scale"])
    for module, files in imported(ROOT / "genesis").items():
        rooms = {file.partition("/")[0] for file in files}
        allowed = needed | (notify if rooms <= NIGHT else set())
        allowed |= scale if rooms <= RESEARCH else set()
        assert distributions_of(module) & allowed, f"{module}, imported by {sorted(files)}"


def test_everything_declared_is_imported() -> None:
    used = {name for module in imported(ROOT / "genesis") for name in distributions_of(module)}
    idle = names(PROJECT["project"]["dependencies"]) - used - set(BEHIND_OTHERS)
    assert not idle


def test_everything_the_tests_import_comes_with_dev() -> None:
    declared = names(PROJECT["project"]["dependencies"])
    for extra in PROJECT["project"]["optional-dependencies"].values():
        declared |= names(extra)
    for module, files in imported(ROOT / "tests").items():
        if not (ROOT / module).is_dir() and not any(ROOT.glob(f"tests/**/{module}.py")):
            assert distributions_of(module) & declared, f"{module}, imported by {sorted(files)}"


@pytest.mark.parametrize("group", ["genesis.strategies"])
def test_every_entry_point_leads_to_a_class(group: str) -> None:
    for target in PROJECT["project"]["entry-points"][group].values():
        module, _, name = target.partition(":")
        assert hasattr(__import__(module, fromlist=[name]), name), target
