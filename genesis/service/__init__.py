"""The long-running process: settings, clocks, the runner, its wiring and its control API."""
