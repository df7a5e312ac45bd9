"""Free loopback ports for servers."""

import random
import socket

# These ports are below the ones that a system gives to outgoing connections (from 32,768 on Linux,
# 49,152 on others). Such a connection could take a port after it was found free and before its
# server starts.
PORTS = iter(random.sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """Return a free port, never the same one twice in a process."""
    return next(port for port in PORTS if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Return whether a server accepts connections at `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
