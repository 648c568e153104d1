"""Load client of ``mail_latency``: an agent's socket, mails by SMTP at a steady pace, and when each was seen."""

import asyncio
import contextlib
import random
import time
from typing import Any

import aiosmtplib

from bench.figures import Result
from bench.lines import SocketLine, open_sockets
from bench.posts import TEXT, found_mark, mark_text
from svardesk.demo_mail.server import ORGANISATION

LONGEST_WAIT = 30.0


async def mail(plan: dict[str, Any]) -> Result:
    """Send ``mails`` mails, ``rate`` a second; when has the agent seen each of them?"""
    count = plan["mails"]
    sent = [0.0] * count
    seen: dict[int, float] = {}
    complete = asyncio.Event()

    def heard(_: SocketLine, payload: bytes) -> None:
        mark = found_mark(payload)
        if 0 <= mark < count and mark not in seen:
            seen[mark] = time.perf_counter()
            if len(seen) == count:
                complete.set()

    def agent() -> SocketLine:
        cookie = f"Cookie: svardesk_session={plan['token']}\r\n"
        return SocketLine(plan["port"], "/api/v1/socket", cookie, heard)

    [line] = await open_sockets([agent], plan["port"], [b'{"t":"hello","resume":null}'])
    source = random.Random(1)
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=plan["smtp"], start_tls=False) as smtp:
        begin = time.perf_counter()
        for number in range(count):
            # Not in step with anything that looks at fixed intervals.
            due = begin + (number + source.random()) / plan["rate"]
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sent[number] = time.perf_counter()
            await smtp.sendmail(f"kari.{number}@kunde.example", [ORGANISATION], _mail(number))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await complete.wait()
        seconds = time.perf_counter() - begin
    line.transport.close()
    latencies = [seen[number] - sent[number] for number in seen]
    return Result(seconds=seconds, done=len(seen), failed=count - len(seen), latencies=latencies)


def _mail(number: int) -> bytes:
    mark = mark_text(number)
    return (
        f"From: Kari Nordmann <kari.{number}@kunde.example>\r\nTo: {ORGANISATION}\r\nSubject: Nettet er borte\r\n"
        f"Message-ID: <{mark[2:]}@kunde.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{mark}{TEXT}\r\n"
    ).encode()


CLIENTS = {"mail": mail}
