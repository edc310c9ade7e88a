"""`[risk.breakers.system.conditions]` of the rules files: when line or machine is unfit."""

from genesis.risk.limits import ConditionRules
from genesis.rules.fields import Count, Positive, Share, Table, nanoseconds
from genesis.rules.tighter import Higher, Lower

_MB = 1_000_000


class Conditions(Table):
    silent_s: Lower[Positive]
    slow_order_ms: Lower[Positive]
    slow_orders_max: Lower[Count]
    limit_share: Lower[Share]
    disk_free_mb: Higher[Positive]
    memory_share: Lower[Share]

    def freeze(self) -> ConditionRules:
        return ConditionRules(
            silent_ns=nanoseconds(self.silent_s),
            slow_order_ns=nanoseconds(self.slow_order_ms) // 1000,
            slow_orders=self.slow_orders_max,
            limit_share=self.limit_share,
            disk_free_bytes=int(self.disk_free_mb * _MB),
            memory_share=self.memory_share,
        )
