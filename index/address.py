"""Which web addresses may be fetched: `parse(url)`, then `addresses(place, resolve)`.

There is one parser: what is checked here is what is connected to. A name is resolved once, every
address it has must be public, and those very addresses are what the connection is made to, so a
name that answers differently the second time gains nothing. Pure but for the resolver.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from index.errors import LoadError

PORTS: Final = {"http": 80, "https": 443}
MAX_URL_CHARS: Final = 2_000

Resolver = Callable[[str, int], list[str]]
"""A host and a port in, its IP addresses out; raises OSError when it has none."""

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?")
_ALLOW = "to allow it, name it in FOOTNOTE_WEB_HOSTS"
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers (CGNAT)
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo and others, with an IPv4 address inside
        "2002::/16",  # 6to4, the same
        "fec0::/10",  # what private addresses were before fc00::/7
    )
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: `host` in lower case and ASCII, `target` its path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def site(self) -> str:
        """The host, with its port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, written one way."""
        return f"{self.scheme}://{self.site}{self.target}"

    def joined(self, reference: str) -> str:
        """Return the URL that `reference` means on this page. Raises LoadError for none."""
        try:
            return urljoin(self.url, reference)
        except ValueError as error:
            raise LoadError(f"this page leads to what is no URL ({error})") from error


def is_url(typed: str) -> bool:
    """Tell a URL from a path: it begins with a scheme and two slashes."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", typed) is not None


def parse(url: str, hosts: Collection[str] = ()) -> Place:
    """Return where `url` leads. Raises LoadError for one that is not fetched.

    Refused are other schemes than http and https, a name or password, other ports than 80 and 443
    unless `hosts` has the site, and what is no host's name.
    """
    if len(url) > MAX_URL_CHARS or re.search(r"[\s\x00-\x20\x7f\\\ud800-\udfff]", url):
        # Half a character is what a byte becomes that was typed and is no UTF-8.
        raise LoadError(
            "this URL is too long, or has spaces, backslashes or broken characters in it"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        scheme = parts.scheme.lower()
        host = _ascii(parts.hostname or "") if scheme in PORTS else ""
    except (ValueError, UnicodeError) as error:
        raise LoadError(f"this is no URL ({error}); check its spelling") from error
    if scheme not in PORTS:
        raise LoadError(f"only http and https are fetched, not {scheme or 'this'}")
    if "@" in parts.netloc:
        raise LoadError("a URL with a name or password in it is not fetched; take it out")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    place = Place(scheme, host, PORTS[scheme] if port is None else port, path + query)
    if port is not None and port != PORTS[scheme] and place.site not in hosts:
        raise LoadError(f"port {port} is not where web pages are; {_ALLOW}: {place.site}")
    return place


def addresses(place: Place, resolve: Resolver, hosts: Collection[str] = ()) -> list[str]:
    """Return the IP addresses of `place`, all of them fit to connect to.

    Raises LoadError when it has none, or one that is not public, unless `hosts` has the site.
    """
    try:
        found = resolve(place.host, place.port)
    except OSError as error:
        raise LoadError(f"{place.host} cannot be found; check its spelling and the net") from error
    if not found:
        raise LoadError(f"{place.host} has no address")
    if place.site not in hosts:
        for text in found:
            if not is_public(text):
                raise LoadError(f"{place.host} is {text}, no public address; {_ALLOW}")
    return found


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the public internet; what is no address is not."""
    try:
        address: Ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(
            address in network for network in _REFUSED if network.version == address.version
        )
    )


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of `host`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _ascii(host: str) -> str:
    """Return a host as it is looked up. Raises ValueError for what is none."""
    host = host.casefold()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        name = host.encode("idna").decode("ascii")
    if not _HOST.fullmatch(name):
        raise ValueError("no host")
    return name.rstrip(".")
