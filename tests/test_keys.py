"""Keys and sites are kept as they were made, revoked for good, and never readable again.

Every test runs on SQLite, and also on PostgreSQL where POSTGRES_TEST_URL names one, as in .ci/run.
"""

from collections.abc import Iterator

import pytest

from assistant.conversations import Conversations
from assistant.serving.keys import Keys, new_session, read_session
from index.errors import UsageError
from tests.test_conversations import an_answer

HERE = "https://handbook.example.com"


@pytest.fixture
def keys(database_url: str) -> Iterator[Keys]:
    """Return an empty store."""
    with Keys(database_url) as store:
        yield store


def test_a_key_is_known_by_its_token_until_it_is_revoked(keys: Keys) -> None:
    """The directory knows a key by nothing but its token, and a revoked one not at all."""
    assert not keys.directory().had_keys
    made, token = keys.create("reports: 漢字", ["client", "admin", "client"])
    other, kept = keys.create("search", ["client"])
    found = keys.directory()
    assert found.key(token) == made
    assert made.scopes == ("admin", "client")
    assert found.key(token[:-1]) is None
    keys.revoke(made.id)
    after = keys.directory()
    assert (after.key(token), after.key(kept), after.had_keys) == (None, other, True)
    with pytest.raises(UsageError, match="no key or site"):
        keys.revoke(made.id)


def test_what_is_listed_holds_no_secret(keys: Keys) -> None:
    """Every key and site is listed, revoked ones too, without token, hash or signing key."""
    made, token = keys.create("reports", ["client"])
    site = keys.put_site("handbook", [HERE], ["Who keeps bees?"])
    keys.revoke(made.id)
    listed, sites = keys.listed()
    assert [(one.name, one.revoked is not None) for one in listed] == [("reports", True)]
    assert [(one.name, one.origins, one.signing_key) for one in sites] == [
        ("handbook", (HERE,), b"")
    ]
    assert token not in repr((listed, sites, keys.directory()))
    assert repr(site.signing_key) not in repr(keys.directory())


def test_a_site_comes_back_with_its_signing_key(keys: Keys) -> None:
    """Any server that reads the directory can check a session that another one has signed."""
    site = keys.put_site("handbook", [HERE, f"{HERE}:443"], ["Who keeps bees?", "為什麼?"])
    found = keys.directory().sites["handbook"]
    assert found == site
    token, session = new_session(site, HERE)
    assert read_session(token, found) == session


def test_a_site_that_is_made_again_ends_its_sessions(keys: Keys) -> None:
    """Revoking ends a site's sessions, and naming it anew does not bring them back."""
    token, _ = new_session(keys.put_site("handbook", [HERE]), HERE)
    keys.revoke("handbook")
    assert "handbook" not in keys.directory().sites
    again = keys.put_site("handbook", [HERE])
    assert keys.directory().sites == {"handbook": again}
    assert read_session(token, again) is None


def test_keys_and_conversations_share_a_database(keys: Keys, database_url: str) -> None:
    """Whichever of the two comes first has made the tables of both."""
    with Conversations(database_url) as kept:
        (conversation,) = kept.begin([("key:1", an_answer())])
        keys.create("reports", ["client"])
        assert len(kept.answers(conversation, "key:1")) == 1
    assert keys.directory().had_keys
