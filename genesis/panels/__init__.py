"""Faces for JupyterLab and Voila, over the control API. A notebook calls one function:

    from genesis.panels import zen_garden
    zen_garden()

Nothing heavy is imported here: a kernel that shows a face stays small.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genesis.panels.link import EngineFace

__all__ = ["tiers", "tilt", "zen_garden"]


def zen_garden(home: Path | str | None = None) -> "EngineFace":
    """The trader's live view of the engine that runs on `home` (default: GENESIS_HOME)."""
    from genesis.panels.garden import ZenGarden

    return ZenGarden(home)


def tilt(home: Path | str | None = None) -> "EngineFace":
    """The tilt score, what it is made of, and the page of an intervention."""
    from genesis.panels.tilt_page import TiltPage

    return TiltPage(home)


def tiers(home: Path | str | None = None) -> "EngineFace":
    """The way from tier to tier, with its gates and ceremonies."""
    from genesis.panels.tier_path import TierPath

    return TierPath(home)
