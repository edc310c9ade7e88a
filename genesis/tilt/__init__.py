"""TILT: is the trader himself? A score of his own acts, four levels, and the way back."""

from genesis.tilt.actions import ActionKind, BadAction, UserAction
from genesis.tilt.baseline import Baseline, Profile
from genesis.tilt.detector import Intervention, TiltDetector, TiltScore
from genesis.tilt.style import StyleChangeRefused

__all__ = [
    "ActionKind",
    "BadAction",
    "Baseline",
    "Intervention",
    "Profile",
    "StyleChangeRefused",
    "TiltDetector",
    "TiltScore",
    "UserAction",
]
