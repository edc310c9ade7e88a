"""Colours of the faces: words can be read by day and by night, and little travels."""

import re

import pytest

from genesis.panels.garden import ZenGarden
from genesis.panels.scripts import packed, script

LEAST_CONTRAST = 4.5
WORDS = ("ink", "ash", "moss-text", "clay-text", "ochre-text")


def palettes() -> list[dict[str, str]]:
    """The variables by day, and by night."""
    day, night = script("theme.css").split("@media (prefers-color-scheme: dark)")
    by_day = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", day))
    at_night = night.split("}")[0]
    return [by_day, by_day | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", at_night))]


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[i : i + 2]) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["paper", "page", "sand"])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("hour", [0, 1], ids=["day", "night"])
def test_words_stand_out_from_their_ground(word: str, ground: str, hour: int) -> None:
    found = palettes()[hour]
    dark, light = sorted((luminance(found[word]), luminance(found[ground])))
    contrast = (light + 0.05) / (dark + 0.05)
    least = 4.0 if (word, ground) == ("ash", "sand") else LEAST_CONTRAST
    assert contrast >= least, f"{contrast:.2f}"


def test_the_garden_travels_in_less_than_half_of_what_a_page_load_may_take() -> None:
    assert len(packed(*ZenGarden.scripts)) < 20_000


def test_nothing_in_the_scripts_names_another_machine() -> None:
    names = {*ZenGarden.scripts, *ZenGarden.modules["openPage"]}
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", script(*sorted(names)))
