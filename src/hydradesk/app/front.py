"""Builds what stands at the front door from the settings: names, proxies, limits."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from hydradesk.accounts.contracts import Features
from hydradesk.app.settings import Settings, listed
from hydradesk.doors.gateway.armour import LOOPBACK, Origins
from hydradesk.doors.gateway.graphql import Terms
from hydradesk.doors.gateway.limits import DEFAULTS
from hydradesk.doors.gateway.middleware import Rules
from hydradesk.doors.gateway.proxy import Proxies
from hydradesk.infra.rates import Flood, Rates, rules_of
from hydradesk.infra.rates import Rules as Limits

BURST = 4
"""Seconds of requests that a source may send at once."""
TIMEOUT_S = 1.0
"""How long the store of the counts may take before each process counts for itself."""


def rules(settings: Settings, locked: Callable[[str], bool]) -> Rules:
    """Return how the entrance behaves; a demo has no name beyond this machine, and no flood."""
    named = set() if settings.demo else {urlsplit(settings.origin).hostname or ""}
    hosts = LOOPBACK | {settings.host} | named | set(listed(settings.hosts))
    rate = 0.0 if settings.demo else settings.flood_per_s
    return Rules(
        origins=Origins(hosts, frozenset(listed(settings.cors_origins))),
        hosts=hosts,
        proxies=Proxies(settings.trusted_proxies, settings.forwarded_header),
        flood=Flood(rate, BURST * rate) if rate else None,
        locked=locked,
        log=settings.access_log,
    )


def graphql(settings: Settings, features: Features) -> Terms:
    """Return who may use GraphQL: everybody, as far as REST lets them, unless switched off."""
    return Terms(require=features.require, introspection=settings.graphql_introspection)


def rates(settings: Settings) -> Rates:
    """Return who may ask how often: the defaults, changed by the setting, counted where it says."""
    known = rules_of(table(settings))
    return _shared_rates(known, settings.redis) if settings.redis else Rates(known)


def table(settings: Settings) -> Mapping[str, Mapping[str, str] | str]:
    """Return limits as text, by tier and class."""
    changes = json.loads(settings.rate_limits or "{}")
    return {
        tier: "off"
        if changes.get(tier) == "off"
        else {**DEFAULTS.get(tier, {}), **changes.get(tier, {})}
        for tier in [*DEFAULTS, *(one for one in changes if one not in DEFAULTS)]
    }


def rate_texts(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the same for people: a tier without limits has none to show."""
    return {
        tier: {} if isinstance(kinds, str) else dict(kinds)
        for tier, kinds in table(settings).items()
    }


def _shared_rates(known: Limits, url: str) -> Rates:
    from limits.aio.storage import RedisStorage

    there = url if url.startswith("redis") else f"redis+{url}"
    wait: dict[str, Any] = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
    storage = RedisStorage(
        f"async+{there}", implementation="redispy", key_prefix="hydradesk:rate", **wait
    )
    return Rates(known, storage, cast(Any, storage.bridge).storage.aclose)
