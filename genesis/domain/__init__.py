"""The words: money, time, instruments, orders, fills, events, outcomes, commands."""
