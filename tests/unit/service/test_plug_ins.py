"""A newer version of a plug-in is imported beside the one that runs; what fails changes nothing."""

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from fastapi import HTTPException

from genesis.domain.events import Event
from genesis.engine.engine import Engine
from genesis.engine.replay import replay
from genesis.engine.step import Step
from genesis.errors import ConfigError, UsageError
from genesis.rules import load
from genesis.service.api.strategies import StrategiesDesk
from genesis.service.code_manifest import code_sha256
from genesis.service.code_of_log import CodeOfLog
from genesis.service.plug_ins import read_anew
from genesis.service.strategies import GROUP, made, new_engine
from genesis.store.steps import LoggedStep
from tests.support.clocks import VirtualClock
from tests.support.engines import Bench

NAME = "plugged_in_for_tests"
CODE = """
from genesis.strategy.sma_cross import SmaCross

WORD = "{word}"

class Mine(SmaCross):
    name = "mine"

    def said(self):
        return WORD
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes the plug-in's file, which an entry point names."""
    point = EntryPoint("mine", f"{NAME}.inner:Mine", GROUP)
    for place in ("plug_ins", "strategies"):
        monkeypatch.setattr(f"genesis.service.{place}.entry_points", lambda group: [point])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "__init__.py").write_text("")

    def written(code: str) -> None:
        (tmp_path / NAME / "inner.py").write_text(code)
        importlib.invalidate_caches()

    written(CODE.format(word="one"))
    yield written
    for name in [each for each in sys.modules if each.partition(".")[0] == NAME]:
        del sys.modules[name]


def said(strategy: object) -> str:
    return str(strategy.said())  # type: ignore[attr-defined]


def read_it(name: str) -> None:
    with read_anew(name) as reading:
        reading.keep()


def test_the_newest_code_is_made_and_the_old_object_keeps_its_own(write) -> None:
    old = made("mine", {})
    sha256 = code_sha256([old])
    write(CODE.format(word="another one"))
    assert said(made("mine", {})) == "one"
    with read_anew("mine"):
        assert said(made("mine", {"fast": 3})) == "another one"
    assert said(made("mine", {"fast": 3})) == "one", "it was looked at only"
    with read_anew("mine") as reading:
        reading.keep()
    assert said(made("mine", {"fast": 3})) == "another one"
    assert said(old) == "one"
    assert code_sha256([old]) != sha256


@pytest.mark.parametrize("code", ["raise KeyError('by design')", "def (", "Other = 1"])
def test_one_that_cannot_be_imported_changes_nothing(write, code: str) -> None:
    known = type(made("mine", {}))
    write(code)
    with pytest.raises(UsageError, match=r"the new version of mine \(.*:Mine\) cannot be imported"):
        read_it("mine")
    assert type(made("mine", {})) is known


def test_what_comes_with_genesis_is_left_alone(write) -> None:
    modules = dict(sys.modules)
    read_it("sma_cross")
    read_it("nope")
    assert {name for name in modules if sys.modules.get(name) is not modules[name]} == set()


def test_a_plug_in_that_never_could_be_loaded_is_named(write) -> None:
    write("import no_such_package_at_all")
    with pytest.raises(ConfigError, match=r"strategy 'mine' .* cannot be loaded"):
        read_it("mine")


# -- at the control API ----------------------------------------------------------------------
class Home(Bench):
    """An engine as the service makes one, with its record."""

    def __init__(self, strategies: tuple[str, ...]) -> None:
        self._names = strategies
        super().__init__()
        started = self.steps[0].event
        self.engine = new_engine(self.rules, strategies, "seed")
        events = [step.event for step in self.steps]
        self.steps.clear()
        for event in events:
            self.tell(self._named(event) if event is started else event)
        self.desk = StrategiesDesk(self.engine, VirtualClock(self.now_ns), self._asked)

    def _named(self, event: Event) -> Event:
        code = code_sha256([made(name, {}) for name in self._names])
        return replace(event, strategies=self._names, code_sha256=code)  # type: ignore[type-var]

    async def _asked(self, event: Event) -> Step:
        return self.tell(event)

    def swap(self, name: str, **params: str) -> dict[str, object]:
        return asyncio.run(self.desk.swap(name, params))

    @property
    def record(self) -> list[LoggedStep]:
        return [
            LoggedStep(1, number, step.event, step.outcomes, step.commands, ())
            for number, step in enumerate(self.steps, 1)
        ]


def again(home: Home) -> tuple[str | None, str | None]:
    """The first difference of the record run again, and what is said of its code."""
    code = CodeOfLog()

    def engine_for(started: object, engine: object) -> Engine:
        return new_engine(load("sniper"), started.strategies, "seed")  # type: ignore[attr-defined]

    found = replay(home.record, engine_for, begins=code.see).first_difference
    return (None, None) if found is None else (str(found), code.words(found.step))


def test_a_swap_is_an_input_of_the_record_and_runs_again_the_same(write) -> None:
    home = Home(("sma_cross", "mine"))
    assert [one["name"] for one in home.desk.look()] == ["sma_cross", "mine"]
    told = home.swap("sma_cross", fast="2", slow="5")
    assert told["accepted"] and "(fast=2, slow=5) runs from here on" in str(told["told"])
    assert home.desk.look()[0]["params"] == {"fast": "2", "slow": "5", "bar": "1m"}
    assert again(home) == (None, None)


def test_parameters_that_do_not_fit_are_no_event_at_all(write) -> None:
    home = Home(("sma_cross",))
    count = len(home.steps)
    for params in ({"fsat": "1"}, {"fast": "x"}, {"fast": "9", "slow": "3"}):
        with pytest.raises(UsageError):
            home.swap("sma_cross", **params)
    for name in ("nope", "donchian"):
        with pytest.raises(HTTPException) as told:
            home.swap(name)
        assert told.value.status_code == 404
    assert len(home.steps) == count


@pytest.mark.parametrize("end", ["    tier = 'HUNTER'\n", "raise KeyError('by design')\n"])
def test_a_version_that_is_not_taken_in_is_forgotten(write, end: str) -> None:
    """Whatever makes the strategy later in this process makes the one that runs."""
    home = Home(("mine",))
    known = type(home.engine.desk.strategies[0])
    write(CODE.format(word="another one") + end)
    if "tier" in end:
        assert not home.swap("mine")["accepted"]
    else:
        with pytest.raises(UsageError):
            home.swap("mine")
    assert type(home.engine.desk.strategies[0]) is known
    assert type(made("mine", {})) is known
    write(CODE.format(word="another one"))
    with pytest.raises(UsageError):
        home.swap("mine", fsat="1")
    assert type(made("mine", {})) is known


def test_of_older_code_it_says_so_rather_than_pretend(write) -> None:
    """The record was written by `one`; what decides differently now may be its age."""
    home = Home(("mine",))
    write(CODE.format(word="another one"))
    told = home.swap("mine", slow="40")
    assert told["accepted"]
    assert said(home.engine.desk.strategies[0]) == "another one"
    assert again(home) == (None, None)  # neither of them decided anything else so far
    write(CODE.format(word="a third") + "    tier = 'HUNTER'\n")
    read_it("mine")
    first, words = again(home)
    assert first is not None and "StrategySwapped" in first and "unlocks in HUNTER" in first
    assert words is not None
    assert "(since mine was swapped in step" in words
    assert "cannot be run again by this one, so the difference may be no fault" in words
