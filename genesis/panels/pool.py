"""Kernels of the dashboards: one waits warm for the next visitor, an abandoned one ends.

A page sends a pulse every few seconds while somebody looks at it. A kernel without one stops
reading the engine (`panels.link`), falls silent, and is culled. The waiting ones are spared.
"""

import asyncio
from subprocess import DEVNULL
from typing import Any, Final

from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

IDLE_S: Final = 25
LOOK_EVERY_S: Final = 5


class Kernels(AsyncMappingKernelManager):
    """What Voila's own kernel manager is built on."""

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """What a kernel writes past its channels is no news for the terminal."""
        options |= {"stdout": DEVNULL, "stderr": DEVNULL}
        return str(await super().start_kernel(**options))

    def touch(self, kernel_id: str) -> None:
        """Count its idle time from now: it may have waited for hours."""
        self._kernels[kernel_id].last_activity = utcnow()

    def keep_one_ready(self, notebook: str) -> None:
        """A page that was visited is likely to be visited again."""
        manager: Any = self
        if not manager.get_pool_size(notebook):
            manager.fill_if_needed(notebook_name=notebook)

    async def end(self) -> None:
        """End every kernel, those included that are just being started."""
        pools: dict[str, list[asyncio.Task[Any]]] = vars(self).get("_pools", {})
        if starting := [task for pool in pools.values() for task in pool]:
            await asyncio.wait(starting)
        pools.clear()
        await self.shutdown_all(now=True)


async def make_ready(kernels: Any, notebook: str) -> None:
    """See that the kernel which is handed out next for `notebook` lives and is not culled at once.

    Those that failed or died while they waited are taken out; then a new one is started instead.
    """
    while waiting := kernels._pools.get(notebook):
        first = waiting[0]
        await asyncio.wait({first})
        if not first.cancelled() and first.exception() is None:
            kernel_id = first.result()["kernel_id"]
            if kernel_id in kernels and await kernels.is_alive(kernel_id):
                kernels.touch(kernel_id)
                return
        if first in waiting:
            waiting.remove(first)
