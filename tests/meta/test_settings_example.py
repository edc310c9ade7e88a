"""`.env.example` knows the settings that exist, and nothing else."""

import re
from pathlib import Path

from genesis.service.settings import PREFIX, Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
NOT_YET = {"dashboard_port"}


def lines() -> dict[str, str]:
    found = re.findall(rf"^# ({PREFIX}[A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    return {name.removeprefix(PREFIX).lower(): value for name, value in found}


def test_every_setting_is_shown_and_every_line_is_a_setting() -> None:
    assert set(lines()) == set(Settings.model_fields) - NOT_YET


def test_the_values_shown_can_be_used() -> None:
    given = {name: value for name, value in lines().items() if value}
    assert Settings.read(**given).symbols == ("BTC/USDT",)


def test_values_shown_for_settings_with_a_default_are_the_default() -> None:
    plain = Settings.read()
    for name, value in lines().items():
        default = getattr(plain, name)
        if name != "home" and default not in (None, ()):
            assert getattr(Settings.read(**{name: value}), name) == default, name


def test_no_line_is_active() -> None:
    assert all(not line or line.startswith("#") for line in EXAMPLE.read_text().splitlines())
