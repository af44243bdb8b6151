"""Two servers on one index and one PostgreSQL, behind nginx: a loss, a switch, and nobody fails."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant.counters import Counters
from assistant.database import Database
from assistant.serving.keys import Keys
from index.build import BuildOptions, build
from index.generation import current_generation, switch
from tests.servers.replicas import Replica, nginx, postgres, replica, wait_for
from tests.serving import Scripted, running

pytestmark = pytest.mark.servers

QUESTION = "Who keeps the lamp of Skarvoy?"
NOTES = "# The lamp of Skarvoy\n\nThe lamp of Skarvoy is kept by Tora Lind. It burns {oil}.\n"


@dataclass
class House:
    """The replicas, what is before them, and what they share."""

    front: str
    replicas: list[Replica]
    index: Path
    generations: list[str]
    database: str
    key: dict[str, str]

    def ask(self, base: str, **more: str) -> httpx.Response:
        """Ask the question, as a client of one connection a request."""
        body = {"question": QUESTION, **more}
        return httpx.post(f"{base}/v1/ask", json=body, headers=self.key, timeout=60)

    def served(self, generation: str) -> None:
        """Wait until every replica serves a generation."""
        wait_for(lambda: {one.ready() for one in self.replicas} == {generation})


@pytest.fixture(scope="module")
def house(
    model_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Build an index of two generations and start everything on it; both replicas at once."""
    assert model_folder.is_dir()
    folder = tmp_path_factory.mktemp("house")
    index, notes = folder / "index", folder / "notes.md"
    generations = []
    for oil in ("whale oil", "paraffin"):
        notes.write_text(NOTES.format(oil=oil), "utf-8")
        build([notes], index, BuildOptions(cache=cache_folder))
        generations.append(current_generation(index).name)
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        with Keys(database) as keys:
            _, token = keys.create("test", ["client"])
            keys.put_site("handbook", ["https://example.com"])
        limits = {"FOOTNOTE_ADDRESS_RATE": "3"}
        replicas = [
            stack.enter_context(replica(index, database, folder, **limits)) for _ in range(2)
        ]
        front = stack.enter_context(nginx([one.port for one in replicas], folder))
        key = {"Authorization": f"Bearer {token}"}
        yield House(front, replicas, index, generations, database, key)


def test_a_conversation_goes_on_at_the_other_replica(house: House) -> None:
    """What was begun at one is known at the other: nothing is sticky."""
    first, second = (f"http://127.0.0.1:{one.port}" for one in house.replicas)
    begun = house.ask(first)
    conversation = begun.headers["X-Conversation-Id"]
    assert house.ask(second, conversation_id=conversation).json()["outcome"] == "answered"
    kept = httpx.get(f"{first}/v1/conversations/{conversation}", headers=house.key).json()
    assert len(kept["answers"]) == 2


def test_a_share_holds_over_both_replicas(house: House) -> None:
    """Three questions a minute from one address are three, whoever they are put to."""
    asked = []
    origin = {"Origin": "https://example.com"}
    bases = [f"http://127.0.0.1:{one.port}" for one in house.replicas]
    made = httpx.post(f"{bases[0]}/v1/sites/handbook/session", headers=origin)
    visitor = {**origin, "Authorization": f"Bearer {made.json()['token']}"}
    for base in bases * 2:
        reply = httpx.post(f"{base}/v1/ask", json={"question": QUESTION}, headers=visitor)
        asked.append(reply.status_code)
    assert asked == [200, 200, 200, 429]
    assert reply.json()["error"]["code"] == "rate_limited"
    assert 1 <= int(reply.headers["Retry-After"]) <= 20


def test_shares_are_exact_with_many_takers(house: House) -> None:
    """Of forty takes at once over two connections to a share of ten, ten are granted."""
    counters = [Counters(Database(house.database)) for _ in range(2)]
    waits: list[float] = []
    takers = [
        threading.Thread(target=lambda one=one: waits.append(one.take("test", "ann", 10)))
        for one in counters * 20
    ]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    for one in counters:
        one.close()
    assert len(waits) == 40
    assert sum(wait == 0 for wait in waits) == 10
    assert all(0 < wait <= 6 for wait in waits if wait)


def test_a_sentence_arrives_before_the_next_is_written(
    tmp_path: Path, cache_folder: Path, bundled_assistant: object
) -> None:
    """The proxy holds nothing back: the second sentence is only written once the first was read."""
    assert bundled_assistant
    writer = Scripted()
    with (
        running(tmp_path, cache_folder, writer=writer, trusted_proxies="127.0.0.1") as server,
        Keys(f"sqlite:///{tmp_path / 'kept.db'}") as keys,
        nginx([server.port], tmp_path) as front,
    ):
        _, token = keys.create("test", ["client"])
        wait_for(lambda: _is_let_in(front, token))
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        question = {"question": "why did Abe court Putin?"}
        with httpx.stream(
            "POST", f"{front}/v1/ask", json=question, headers=headers, timeout=60
        ) as reply:
            lines = reply.iter_lines()
            told = []
            for _ in range(3):
                writer.say()
                told.append(next(line for line in lines if line.startswith("event: ")))
            rest = [line for line in lines if line.startswith("event: ")]
    assert told == ["event: sentence"] * 3
    assert rest[-1] == "event: answer"


def _is_let_in(front: str, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{front}/v1/documents", headers=headers).status_code == 200


def test_a_new_generation_and_a_killed_replica_fail_no_question(house: House) -> None:
    """Under load the index is switched four times, then one replica is killed: all are answered."""
    outcomes: Counter[str] = Counter()
    generations: Counter[str] = Counter()
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            reply = house.ask(house.front)
            outcomes[reply.json().get("outcome", "") if reply.is_success else reply.text] += 1
            generations[reply.json().get("index", "")] += 1

    askers = [threading.Thread(target=load) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        for generation in house.generations * 2:
            switch(house.index, generation)
            house.served(generation)
        before = outcomes.total()
        house.replicas[1].kill()
        wait_for(lambda: outcomes.total() > before + 40)
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert set(outcomes) == {"answered"}, outcomes
    assert set(generations) == set(house.generations)
