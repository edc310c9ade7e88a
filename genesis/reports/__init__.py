"""REPORTS: what was made of a day while its trader slept.

    template (notebooks/reports) -> kernel -> notebook -> one offline HTML -> index of all days

`run.run` makes one report, `nightly.nightly` all that are missing. Everything that is written is
whole or absent, and the same inputs give the same bytes.
"""
