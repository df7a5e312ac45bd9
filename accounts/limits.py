"""Limits: how often one account and one network address may do something.

`settings.LIMITS` has a rate for each act. A use counts for the account and for the address, with
the same rate. The keys are digests, so no file and no Redis stores addresses or names.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.counters import Rate, find_counters
from content.bulkhead import Busy
from content.outages import LimitReached

# Peers that are a proxy or a container network rather than a visitor.
PRIVATE_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
]
UNREADABLE = "unreadable"


class LimitMixin:
    """Mixin for a view whose POST by a logged-in person counts as one use of `limit`."""

    limit: str

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # Others are redirected to the login page.
        if request.method == "POST" and request.user.is_authenticated:
            with counted(request, self.limit):
                return super().dispatch(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)


def count_use(request: HttpRequest, act: str, *more: str) -> None:
    """Count one use of `act`, by the account, the address and `more`. Raise LimitReached."""
    spend(act, keys_of(request, act, *more))


@contextmanager
def counted(request: HttpRequest, act: str) -> Iterator[None]:
    """Count one use of `act`, unless the site is too busy for it. Raise LimitReached."""
    keys = keys_of(request, act)
    spend(act, keys)
    try:
        yield
    except Busy:
        give_back(act, keys)
        raise


def spend(act: str, keys: list[bytes]) -> None:
    """Count one use of each key. If one has reached its limit, count none; raise LimitReached."""
    rate = rate_of(act)
    if rate and keys and (wait := find_counters().use(keys, rate)):
        raise LimitReached(wait)


def give_back(act: str, keys: list[bytes]) -> None:
    """Take back a use that turned out not to count, such as a correct password."""
    if rate := rate_of(act):
        find_counters().give_back(keys, rate)


def rate_of(act: str) -> Rate | None:
    return Rate(*settings.LIMITS[act]) if settings.LIMITS else None


def keys_of(request: HttpRequest, act: str, *more: str) -> list[bytes]:
    """Return a key for the account, if there is one, for the address if it is known, and `more`."""
    names = list(more)
    if request.user.is_authenticated:
        names.append(f"account {request.user.pk}")
    if address := client_address(request):
        names.append(f"address {address}")
    return [key_of(act, name) for name in names]


def key_of(act: str, name: str) -> bytes:
    secret = settings.SECRET_KEY.encode()[:64]
    return blake2b(f"{act} {name}".encode(), digest_size=16, key=secret).digest()


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address, for IPv6 its /64 network, or "" if it is not known.

    A private peer is a proxy, unless a trusted proxy forwarded the address. All visitors with a
    forwarded text that is no address count as one, because otherwise, it would evade the limits.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR") if settings.BEHIND_PROXY else None
    # A valid address has replaced the peer (`blogsite.requests`).
    if forwarded is not None and forwarded != peer:
        return UNREADABLE
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:  # A Unix socket has no address.
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    is_private = any(address in network for network in PRIVATE_NETWORKS)
    if address.is_loopback or (is_private and forwarded is None):
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
