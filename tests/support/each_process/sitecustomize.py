"""Python runs this at the start of each process of a test: its folder is on their path."""

import sys

import network_guard

network_guard.install()

# A grammar of web addresses that takes a second to build, in kernels that draw one figure.
sys.modules.setdefault("rfc3987_syntax", None)
