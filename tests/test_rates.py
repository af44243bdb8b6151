"""Limits under load: shares that refill, places in a queue, and who counts as one caller."""

import asyncio
import time

import httpx
import pytest

from assistant.counters import Cap
from assistant.serving.access import address, demo_site
from assistant.serving.errors import ApiError
from assistant.serving.limits import Gate, Rates

DAY = 86_400.0


def test_a_share_is_spent_and_refilled() -> None:
    """So many at once, then one whenever its time has come; others are not affected."""
    asyncio.run(_spent_and_refilled())


async def _spent_and_refilled() -> None:
    now = 0.0
    rates = Rates(Cap("a", 6, clock=lambda: now))
    for _ in range(6):
        await rates.spend("a")
    with pytest.raises(ApiError) as refusal:
        await rates.spend("a")
    assert refusal.value.headers == {"Retry-After": "10"}
    await rates.spend("b")
    now = 10.0
    await rates.spend("a")
    with pytest.raises(ApiError):
        await rates.spend("a")


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_the_time_of_day_gives_no_share_and_takes_none(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """A clock that is put back or ahead by a day locks nobody out and lets nobody in."""
    rates, now = Rates(1), time.time()
    rates.spend("a")
    monkeypatch.setattr(time, "time", lambda: now + jump)
    with pytest.raises(ApiError) as refusal:
        rates.spend("a")
    assert int((refusal.value.headers or {})["Retry-After"]) <= 60
    rates.spend("b")


async def _admitted(gate: Gate) -> None:
    async with gate.admit():
        assert gate.admitted == 1
    assert gate.admitted == 0


def test_a_place_in_the_queue_is_given_back() -> None:
    """Used, unused or cancelled, a ticket frees its place once."""
    gate = Gate(active=1, waiting=1)
    asyncio.run(_admitted(gate))
    tickets = [gate.admit(), gate.admit()]
    with pytest.raises(ApiError):
        gate.admit()
    for ticket in (*tickets, *tickets):
        ticket.give_back()
    assert (gate.admitted, gate.is_full) == (0, False)


def test_addresses_of_one_client_count_as_one() -> None:
    """IPv6 by its /64, and an IPv4 address in IPv6's clothes is that address."""

    class Asker:
        def __init__(self, host: str) -> None:
            self.client = httpx.URL(f"http://[{host}]" if ":" in host else f"http://{host}")

    assert [address(Asker(host)) for host in ("2001:db8::1", "::ffff:192.0.2.1", "192.0.2.1")] == [  # type: ignore[arg-type]
        "2001:db8::/64",
        "192.0.2.1",
        "192.0.2.1",
    ]
    assert demo_site(1, bundled=False).suggestions == ()
