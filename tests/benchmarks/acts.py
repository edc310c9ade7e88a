"""What an act costs the detector that takes it in and tells its score."""

import gc
import time

import numpy as np

from genesis.rules import load
from genesis.tilt import TiltDetector
from tests.support.traders import Life, population, trader

Floats = np.ndarray


def act_costs_us(seed: int, *, traders: int, days: int) -> Floats:
    """Of every act of several lives: each is drawn first and then lived with nothing between."""
    return np.concatenate([_lived(seed, number, days) for number in range(traders)])


def _lived(seed: int, number: int, days: int) -> Floats:
    rng, pool = np.random.default_rng((seed, 2, number)), population(seed)
    acts = [shown.act for shown in Life(rng, trader(rng, pool), pool).acts(days)]
    detector, costs = TiltDetector(load("sniper").tilt), np.empty(len(acts))
    gc.collect()  # what was made before is no cost of an act
    for at, act in enumerate(acts):
        began = time.perf_counter_ns()
        detector.update_metrics(act)
        costs[at] = time.perf_counter_ns() - began
    return costs / 1e3
