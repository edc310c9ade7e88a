"""Python runs this at the start of each process of a test: its folder is on their path."""

import network_guard

network_guard.install()
