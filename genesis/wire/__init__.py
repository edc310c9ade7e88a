"""Binance messages, captures and archive rows, read and written: bytes to events and back.

No file or socket is opened here. A message that cannot be understood raises ValueError with the
reason alone; the readers of whole files turn that into a DataError with file and line.
"""
