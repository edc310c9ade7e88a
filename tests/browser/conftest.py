"""Fixtures of the browser tests."""

from tests.support.browser import chromium, look, screens

__all__ = ["chromium", "look", "screens"]
