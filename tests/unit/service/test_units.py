"""The texts of the systemd units: the same for the same place, whatever its names hold."""

import subprocess
from pathlib import Path

import pytest

from genesis.service.units import DASHBOARD, ENABLED, ENGINE, NIGHTLY, TIMER, Place, unit_files
from tests.conftest import require

ODD = 'a $HOME 100% "quoted" \\ name'


def place(name: str = "home", **variables: str) -> Place:
    return Place(["/bin/true"], Path("/"), Path("/srv") / name, "paper", variables)


def test_engine_dashboard_and_a_timer_that_makes_up_for_missed_nights() -> None:
    files = unit_files(place())
    assert set(files) == {ENGINE, DASHBOARD, NIGHTLY, TIMER}
    assert "ExecStart=/bin/true run --mode paper --home /srv/home\n" in files[ENGINE]
    assert "ExecStart=/bin/true dashboard --home /srv/home\n" in files[DASHBOARD]
    assert "ExecStart=/bin/true nightly --home /srv/home\n" in files[NIGHTLY]
    assert "OnCalendar=*-*-* 00:20:00 UTC\n" in files[TIMER]
    assert "Persistent=true\n" in files[TIMER]
    assert "Type=oneshot" in files[NIGHTLY]
    assert "[Install]" not in files[NIGHTLY]  # the timer starts it, and nothing else
    assert all("[Install]" in files[name] for name in ENABLED)


def test_the_same_place_gives_the_same_texts_and_the_order_of_settings_does_not_count() -> None:
    one = unit_files(place(GENESIS_RULES="sniper", GENESIS_PORT="1"))
    assert one == unit_files(place(GENESIS_PORT="1", GENESIS_RULES="sniper"))
    assert "Environment=GENESIS_PORT=1\nEnvironment=GENESIS_RULES=sniper\n" in one[ENGINE]


def test_the_address_with_the_token_stays_out_of_the_journal() -> None:
    assert "StandardOutput=null\n" in unit_files(place())[DASHBOARD]


def test_a_bad_setting_is_not_tried_again_for_ever() -> None:
    files = unit_files(place())
    assert all("RestartPreventExitStatus=2\n" in files[name] for name in (ENGINE, DASHBOARD))


@pytest.mark.parametrize("name", ["home", ODD])
def test_systemd_accepts_every_unit(name: str, tmp_path: Path) -> None:
    found = subprocess.run(["which", "systemd-analyze"], capture_output=True)
    require(found.returncode == 0, "systemd-analyze")
    folder = tmp_path / "units"
    folder.mkdir()
    files = unit_files(place(name, GENESIS_STRATEGIES="a,b", GENESIS_RULES=f"{ODD}.toml"))
    for file, text in files.items():
        (folder / file).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", *map(str, folder.iterdir())],
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert (told.returncode, told.stderr) == (0, "")
