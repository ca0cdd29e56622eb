"""When refused sign-ins are an attack, and how an incident is told. Pure."""

from collections import Counter
from collections.abc import Sequence

from hydradesk.accounts.contracts.incidents import Incident, SecurityEvent
from hydradesk.kernel.time import MINUTE, rfc3339

WINDOW_NS = 10 * MINUTE
REFUSALS, SUBJECTS = 50, 10
"""So many refused sign-ins, of so many names, in a window are stuffing, not forgetting."""
FROM_ONE = 5
"""Refusals from one address after which it takes part."""


def is_stuffing(refused: Sequence[SecurityEvent]) -> bool:
    """Whether refused sign-ins of one window are somebody trying stolen lists."""
    return len(refused) >= REFUSALS and len({one.subject for one in refused}) >= SUBJECTS


def sources(refused: Sequence[SecurityEvent]) -> list[str]:
    """Return the addresses that take part, the busiest first."""
    counted = Counter(one.ip for one in refused if one.ip)
    return [ip for ip, times in counted.most_common() if times >= FROM_ONE]


def report(incident: Incident) -> str:
    """Tell an incident in Markdown."""
    ended = "still open" if incident.closed_at is None else rfc3339(incident.closed_at)
    lines = [
        f"# Incident {incident.id}: {incident.playbook.replace('_', ' ')}",
        "",
        f"- opened {rfc3339(incident.opened_at)} by {incident.opened_by}; {ended}",
        f"- state: {incident.state}",
        f"- subject: {_plain(incident.subject) or 'none'}",
        f"- reason: {_plain(incident.reason)}",
        "",
        "| at | step | what happened |",
        "|---|---|---|",
        *(f"| {rfc3339(s.at)} | {s.step} | {_plain(s.detail)} |" for s in incident.steps),
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return "".join("\\" + one if one in "|`*_<>[]\\" else one for one in text)
