"""Ports of the loopback for servers that are started here."""

import random
import socket

# Below those that a system gives to outgoing connections (from 32,768 on Linux, 49,152 on others):
# one of these could take a port between the moment it is found free and its server's start.
PORTS = iter(random.sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """Return a port at which nothing listens, never the same one twice in one process."""
    return next(port for port in PORTS if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Tell whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
