"""How long a test waits for what must come: a busy machine is slow, and no test asserts on time."""

PATIENCE_S = 120.0
PATIENCE_MS = PATIENCE_S * 1000
