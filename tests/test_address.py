"""The guard of fetched addresses: public ones on the web's own ports, and nothing in disguise."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.address import addresses, is_public, is_url, parse
from index.errors import LoadError

INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.254", "224.0.0.1"),
    *("255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "::127.0.0.1"),
    *("2002:7f00:1::1", "2001:0:7f00:1::1", "2001:db8::1", "64:ff9b:1::1", "", "localhost", "1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    """Loopback, private, link-local, shared, reserved, and IPv4 within IPv6, however written."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_is_not(address: str) -> None:
    """The guard is no wall against everything."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_by_what_it_is(inner: ipaddress.IPv4Address) -> None:
    """Mapping and translating an IPv4 address into IPv6 changes no verdict."""
    plain = is_public(str(inner))
    assert is_public(f"::ffff:{inner}") == plain
    assert is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(inner)))) == plain
    assert not plain or inner.is_global


@given(
    st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "169.254.0.0/16"]), st.data()
)
def test_no_private_address_passes(network: str, data: st.DataObject) -> None:
    """Every address of the private networks is refused, wherever it stands among public ones."""
    inside = str(data.draw(st.ip_addresses(network=network)))
    place = parse("http://docs.example/")
    with pytest.raises(LoadError, match="no public address"):
        addresses(place, lambda *_: ["93.184.216.34", inside])
    assert addresses(place, lambda *_: [inside], {"docs.example"}) == [inside]


REFUSED = {
    "file:///etc/passwd": "only http and https",
    "ftp://docs.example/": "only http and https",
    "gopher://docs.example/": "only http and https",
    "http://user:secret@docs.example/": "name or password",
    "http://user@docs.example/": "name or password",
    "http://@docs.example/": "name or password",
    "http://docs.example:22/": "port 22",
    "http://docs.example:0/": "port 0",
    "http://docs.example:99999/": "no URL",
    "http://docs.example\\@other.example/": "backslashes",
    "http://docs.example/a b": "spaces",
    "http://docs.example/\r\nX: y": "spaces",
    "http:///path": "no URL",
    "http://[::1/": "no URL",
    "http://-a-.example/": "no URL",
    "http://a..b/": "no URL",
    f"http://docs.example/{'a' * 3000}": "too long",
}


@pytest.mark.parametrize(("url", "says"), REFUSED.items())
def test_a_url_that_is_not_fetched_says_why(url: str, says: str) -> None:
    """Schemes, credentials, ports and tricks of spelling are refused before any look-up."""
    with pytest.raises(LoadError, match=says):
        parse(url)


def test_a_url_has_one_meaning() -> None:
    """Names are lower case and ASCII, paths are quoted; written again it means the same."""
    place = parse("HTTP://BÜCHER.Example:80/Größe?q=a b".replace(" ", "+"))
    assert place.url == "http://xn--bcher-kva.example/Gr%C3%B6%C3%9Fe?q=a+b"
    assert parse(place.url) == place
    assert parse("https://docs.example").target == "/"
    assert parse("http://docs.example:8080/", {"docs.example:8080"}).port == 8080
    assert is_url("https://a.example")
    assert not is_url("notes/https.md")


@given(st.text(max_size=60))
def test_any_text_as_a_url(text: str) -> None:
    """Whatever is typed is a place with one meaning, or refused with a message."""
    for url in (text, f"http://{text}", f"http://docs.example/{text}"):
        try:
            place = parse(url)
        except LoadError:
            continue
        assert parse(place.url) == place
        assert place.url.isascii()
        assert place.port in {80, 443}


def test_a_name_without_an_address() -> None:
    """A name that nobody knows is a message, not a traceback."""

    def unknown(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    with pytest.raises(LoadError, match=r"docs\.example cannot be found"):
        addresses(parse("http://docs.example/"), unknown)
    with pytest.raises(LoadError, match="has no address"):
        addresses(parse("http://docs.example/"), lambda *_: [])
