"""Waiting in tests for what sends no frame and has no position."""

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 15) -> None:
    """Return as soon as ``holds()`` is true; fails after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
