"""Two made-up prices that belong together, and two that do not."""

import numpy as np


def pair(pull: float, seed: int, n: int = 400) -> tuple[list[float], list[float]]:
    """Logs of two prices, oldest first: y = 0.5 + 0.8 x + a spread; x wanders, 1 % a step.

    The spread (Ornstein and Uhlenbeck) loses a part `pull` of itself each step and is pushed by
    0.5 %.
    """
    rng = np.random.default_rng(seed)
    x = 8 + np.cumsum(rng.standard_normal(n) * 0.01)
    spread = np.zeros(n)
    noise = rng.standard_normal(n) * 0.005
    for i in range(1, n):
        spread[i] = (1 - pull) * spread[i - 1] + noise[i]
    return (0.5 + 0.8 * x + spread).tolist(), x.tolist()


def strangers(seed: int, n: int = 400) -> tuple[list[float], list[float]]:
    """Logs of two prices that wander, each for itself."""
    y, x = 8 + np.cumsum(np.random.default_rng(seed).standard_normal((2, n)) * 0.01, axis=1)
    return y.tolist(), x.tolist()
