"""Two hundred conversations at once with a language model of 200 tokens a second.

    python -m eval.bench.talkers [--conversations 200] [--rounds 2] [--pause 20] [--out FILE.json]

The model is a script that speaks OpenAI's protocol: it waits 200 ms, then says sentences of the
bundled article, 200 tokens a second to everybody who listens. `footnote serve` stands between it
and the conversations, each of which asks, reads the stream to its end, pauses for 20 seconds on
average, and asks on (`--pause 0`: all ask at once, and at once again). What is told:
how long after the question the first sentence came, how long after the one before it each other
one, and what the model itself would have needed for it; the server's memory, every second.

Model, conversations and server share the machine, and every sentence is checked before it is sent:
that is what is measured. Linux only, as `overload`.
"""

import argparse
import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.bench.http_load import PORT, cpu_seconds, memory_mib, served
from eval.bench.overload import centile

MODEL_PORT = PORT + 1
TOKENS_PER_SECOND = 200
FIRST_SECONDS = 0.2
SAID = (
    "Abe courted Vladimir Putin, the Russian president [1]. "
    "Abe met Putin twenty-seven times in the seven years of his tenure [1]. "
    "On one of those occasions he went so far as to offer the Russian president a puppy [1]. "
)
QUESTION = "why did Abe court Putin?"


@dataclass
class Heard:
    """What the conversations heard; times in seconds."""

    first: list[float] = field(default_factory=list)
    following: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)


async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say SAID, a word a token, to each request on a connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            await _say(writer)
    # The last is how it ends with everything else.
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        writer.close()


async def _say(writer: asyncio.StreamWriter) -> None:
    start = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(start.encode())
    loop = asyncio.get_running_loop()
    begun = loop.time() + FIRST_SECONDS
    words = SAID.split(" ")
    for number, word in enumerate(words):
        await asyncio.sleep(max(0.0, begun + number / TOKENS_PER_SECOND - loop.time()))
        writer.write(_frame({"content": f"{word} " if number < len(words) - 1 else word}, None))
        await writer.drain()
    writer.write(_frame({}, "stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    await writer.drain()


def _frame(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    told = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return _chunk(b"data: " + json.dumps({**told, "choices": [choice]}).encode() + b"\n\n")


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n" % len(body) + body + b"\r\n"


async def converse(heard: Heard, rounds: int, chance: random.Random, pause: float) -> None:
    """Ask `rounds` times in one conversation, each time after a pause of `pause` on average."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    conversation = None
    for _ in range(rounds):
        await asyncio.sleep(chance.uniform(0, 2 * pause))
        if writer.is_closing() or reader.at_eof():  # the server hangs up on idle ones
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        body = json.dumps({"question": QUESTION, "conversation_id": conversation}).encode()
        head = f"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nAccept: text/event-stream\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        conversation = await _listen(reader, heard)
    writer.close()


async def _listen(reader: asyncio.StreamReader, heard: Heard) -> str | None:
    asked = last = time.perf_counter()
    status = (await reader.readuntil(b"\r\n\r\n"))[9:12].decode()
    heard.statuses[status] = heard.statuses.get(status, 0) + 1
    if status != "200":
        raise SystemExit(f"the server answered {status}")
    while size := int((await reader.readline()) or b"0", 16):
        event = await reader.readexactly(size + 2)
        now = time.perf_counter()
        if event.startswith(b"event: sentence"):
            (heard.first if last == asked else heard.following).append(now - last)
            last = now
        elif event.startswith(b"event: answer"):
            heard.whole.append(now - asked)
            answer = json.loads(event.partition(b"data: ")[2])
    await reader.readline()
    conversation: str | None = answer["conversation_id"]
    return conversation


async def measure(process: int, conversations: int, rounds: int, pause: float) -> dict[str, Any]:
    """Run the model and the conversations; return and print the figures."""
    talking = await asyncio.start_server(model, "127.0.0.1", MODEL_PORT)
    heard = Heard()
    chance = random.Random(20_160_115)  # noqa: S311  no secret
    await converse(Heard(), 1, chance, 0)  # what is loaded on first use

    async def watch() -> None:
        while True:
            heard.memory.append(memory_mib(process))
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    spent, started = cpu_seconds(process), time.perf_counter()
    await asyncio.gather(*(converse(heard, rounds, chance, pause) for _ in range(conversations)))
    seconds, cpu = time.perf_counter() - started, cpu_seconds(process) - spent
    watching.cancel()
    talking.close()
    row = {
        "conversations": conversations,
        "pause": pause,
        "answers": len(heard.whole),
        "first_p50_ms": centile(heard.first, 50),
        "first_p99_ms": centile(heard.first, 99),
        "next_p50_ms": centile(heard.following, 50),
        "next_p99_ms": centile(heard.following, 99),
        "whole_p50_ms": centile(heard.whole, 50),
        "answers_per_second": round(len(heard.whole) / seconds, 1),
        "server_cpu_ms": round(cpu / len(heard.whole) * 1e3, 1),
        "memory_mib": [heard.memory[0], max(heard.memory)],
        "statuses": heard.statuses,
    }
    alone = (FIRST_SECONDS + len(SAID.split(" ")) / TOKENS_PER_SECOND) * 1e3
    print(f"the model itself: {FIRST_SECONDS * 1e3:.0f} ms to begin, {alone:.0f} ms in all")
    for name, value in row.items():
        print(f"{name}: {value}")
    print(f"load average {os.getloadavg()[0]:.1f} at the end")
    return row


def main() -> None:
    """Start a server that asks the scripted model, talk to it, stop it."""
    parser = argparse.ArgumentParser(description="many conversations with a language model")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pause", type=float, default=20.0)
    parser.add_argument("--source", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    settings = {
        "FOOTNOTE_MODEL": "openai:scripted",
        "FOOTNOTE_MODEL_BASE_URL": f"http://127.0.0.1:{MODEL_PORT}/v1",
        "FOOTNOTE_MAX_ANSWERING": str(options.conversations),
    }
    with served(options.source, settings) as process:
        row = asyncio.run(measure(process, options.conversations, options.rounds, options.pause))
    if options.out:
        options.out.write_text(json.dumps({"kind": "talkers", "rows": [row]}), encoding="utf-8")


if __name__ == "__main__":
    main()
