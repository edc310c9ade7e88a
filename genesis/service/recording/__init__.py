"""Recording a market: what the venue tells, made durable and brought into the tick store.

    market stream -> hearing (arrival number, receive time, gaps) -> spool (durable: acknowledged)
                  -> sealed into Parquet every few seconds -> compacted; old recordings expire

`recorder.record` runs it. Readers need nothing of this: they read the tick store meanwhile.
"""
