"""The network guard: importing this module keeps its process on the machine, for good.

tests/conftest.py imports it before anything of ours. Python itself imports it, under the name
`sitecustomize`, in every Python process that a test starts, because conftest puts this folder on
PYTHONPATH. It stands on audit hooks, which no code can take off again, and needs no patching.

A refusal is an OSError, as on a machine without a network, so code under test behaves as it would
there. A library that swallows it is found all the same: each refusal is a line in the file that
NETWORK_GUARD_LOG names, and conftest fails the test during which the file grew.

It sees what goes through Python's `socket`. Compiled code that opens sockets of its own (uvloop's
look-ups, gRPC) passes it by, which is why conftest also switches off such code's reasons to call.
"""

import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Any

LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
OWN_NAME = socket.gethostname()
SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


def refuse_remote(
    event: str,
    arguments: tuple[Any, ...],
    # Bound here: an ending interpreter takes the module's names away before its hooks.
    look_ups: frozenset[str] = LOOK_UPS,
    sends: frozenset[str] = SENDS,
) -> None:
    """Audit hook: raise PermissionError when `event` would reach beyond this machine."""
    if event in look_ups:
        host = arguments[0]
    elif event in sends:
        # A path is a unix socket; None (sendmsg) goes where connect was allowed to.
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    else:
        return
    if not is_local(host):
        _record(event, host)
        raise PermissionError(f"the network guard refused {event} to {host!r}")


def is_local(host: object) -> bool:
    """Tell whether `host`, a name or an address, is this machine by itself, without a look-up."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str) or host in {"", "localhost", OWN_NAME}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    # 0.0.0.0 and :: are what a server binds to; connecting to them is connecting to oneself.
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _record(event: str, host: object) -> None:
    if log := os.environ.get("NETWORK_GUARD_LOG"):
        with Path(log).open("a", encoding="utf-8") as lines:
            lines.write(f"{event} {host!r} in {' '.join(sys.argv) or sys.executable}\n")


sys.addaudithook(refuse_remote)
