"""The garden of an engine whose venue had announced a rest before it was started again."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from genesis.domain.events import VenueStatus
from genesis.domain.time import DAY, HOUR
from genesis.sim.sample import START_NS
from tests.support.browser import Look, shot
from tests.support.ceremony_home import LOWERED, Recording
from tests.support.face_stage import FastStage


def test_the_real_engine_rests_with_its_venue(
    chromium: Any, tmp_path: Path, look: Look, screens: Path
) -> None:
    with Recording(tmp_path / "home", LOWERED, START_NS - DAY) as made:
        made.until(START_NS - 2 * HOUR)
        made.tell(VenueStatus(made.now_ns, "MAINTENANCE", "wallet upgrade"))
    with ExitStack() as ending:
        home = made.home
        told = tmp_path / "maintenance.json"
        told.write_text('{"system": {"maintenance": true}}', encoding="utf-8")
        venue = ("--faults", str(told))
        stage = FastStage(tmp_path, ending, "zen_garden", home.home, home.usdt, home.rules, venue)
        page = stage.open(look(), "zen_garden", ".garden[data-weather=maintenance][data-seq]")
        assert "rests (maintenance)" in page.inner_text(".weather")
        shot(page, screens, "garden-maintenance-real")
        refused = stage.control.say("buy 50 usdt btc")
        assert refused.status_code == 409
        assert "VENUE_MAINTENANCE" in {one["code"] for one in refused.json()["all"]}
