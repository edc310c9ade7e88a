"""The tests: each fails when the code is wrong."""
