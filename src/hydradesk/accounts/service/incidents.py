"""Playbooks that act: detect, contain, tell, report. Every step is written down as it is done."""

import asyncio
from collections.abc import Awaitable

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import DESK_CHAIN, Action, Audit, SecurityLog
from hydradesk.accounts.contracts.incidents import Incident, Playbook, SecurityEvent, Step
from hydradesk.accounts.domain import incidents as rules
from hydradesk.accounts.ports.incidents import EventBook, IncidentBook, Remedies
from hydradesk.accounts.service.means import Means
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import Conflict, DeskError, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import HOUR, TimeNs
from hydradesk.kernel.tx import Tx

LOCKED_NS = HOUR
"""How long sources are refused, and sign-ins need a proof of work."""
EVERY_S = 15.0
BOOKS_EVERY = 40
"""Beats between two looks at the desk's own books: ten minutes."""
SIGNING = "signing"
"""The subject of a leak of the key that signs tokens."""

log = structlog.get_logger("incidents")


class IncidentBooks(Struct, frozen=True):
    """Where incidents and events are kept, and what is done is recorded."""

    incidents: IncidentBook
    events: EventBook
    audit: Audit
    security: SecurityLog


class IncidentService:
    """Opens, works through and closes incidents."""

    def __init__(self, means: Means, books: IncidentBooks) -> None:
        self._db, self._clock, self._ids, self._books = means.db, means.clock, means.ids, books
        self.remedies: Remedies | None = None
        """App sets it once every room is built; until then playbooks only write down."""

    async def page(self, before: tuple[int, str] | None, limit: int) -> list[Incident]:
        """Return incidents, the newest first."""
        async with self._db.begin() as tx:
            return await self._books.incidents.page(tx, before, limit)

    async def open(self, playbook: Playbook, subject: str, reason: str) -> Incident:
        """Open an incident and work through its playbook; returns it as it then stands."""
        if playbook == "key_leak" and not subject:
            raise Invalid("whose key?", field="subject", fix=f"a key's id, or `{SIGNING}`")
        since = TimeNs(self._clock.now() - rules.WINDOW_NS)
        async with self._db.begin() as tx:
            kind = "sign_in_refused" if playbook == "credential_stuffing" else "key_leaked"
            events = await self._books.events.during(tx, kind, since)
            if playbook != "credential_stuffing":
                events = [one for one in events if one.subject == subject]
            incident = Incident(
                id=f"i-{self._ids.new()}",
                playbook=playbook,
                state="open",
                subject=subject,
                reason=reason,
                opened_at=self._clock.now(),
                opened_by=ORIGIN.get().actor,
            )
            await self._books.events.belong(tx, [one.id for one in events], incident.id)
            await self._kept(tx, incident, "incident.opened")
        self._books.security.note(
            "incident_opened", incident.id, {"playbook": playbook}, "critical"
        )
        incident = await self._step(incident, "detected", _seen(events))
        incident = await self._work(incident, events)
        return await self._told(incident)

    async def close(self, name: str) -> Incident:
        """Say that it is over."""
        async with self._db.begin() as tx:
            incident = await self._books.incidents.get(tx, name)
            if incident.state == "closed":
                raise Conflict("the incident is closed already")
            now = self._clock.now()
            ended = Step(at=now, step="closed", detail=f"by {ORIGIN.get().actor}")
            incident = replace(
                incident,
                state="closed",
                closed_at=now,
                steps=(*incident.steps, ended),
                version=incident.version + 1,
            )
            await self._kept(tx, incident, "incident.closed")
        return incident

    async def look(self) -> list[Incident]:
        """Open what the events of the last minutes ask for; returns what was opened."""
        since = TimeNs(self._clock.now() - rules.WINDOW_NS)
        async with self._db.begin() as tx:
            refused = await self._books.events.during(tx, "sign_in_refused", since)
            leaked = await self._books.events.during(tx, "key_leaked", since)
        found = []
        if rules.is_stuffing(refused):
            found.append(await self.open("credential_stuffing", "", "many refused sign-ins"))
        for subject in dict.fromkeys(one.subject for one in leaked if one.subject):
            found.append(await self.open("key_leak", subject, "a key was seen in wrong hands"))
        return found

    async def look_at_books(self) -> Incident | None:
        """Open a drift incident when the desk's own books do not hold, unless one is open."""
        faults = await self.remedies.faults() if self.remedies else []
        known = await self.page(None, 100)
        going = any(one.playbook == "drift" and one.state != "closed" for one in known)
        return None if going or not faults else await self.open("drift", "", "; ".join(faults))

    async def run(self) -> None:
        """Look every few seconds, and at the books every ten minutes, until cancelled."""
        beat = 0
        while True:
            await asyncio.sleep(EVERY_S)
            beat += 1
            try:
                await self.look()
                if beat % BOOKS_EVERY == 0:
                    await self.look_at_books()
            except (DBAPIError, OSError, DeskError) as error:
                log.warning("incidents.waiting", error=type(error).__name__)

    async def _work(self, incident: Incident, events: list[SecurityEvent]) -> Incident:
        match incident.playbook:
            case "credential_stuffing":
                return await self._stuffing(incident, rules.sources(events))
            case "key_leak":
                return await self._leak(incident)
            case _:
                return await self._drift(incident)

    async def _stuffing(self, incident: Incident, ips: list[str]) -> Incident:
        assert self.remedies is not None
        until = TimeNs(self._clock.now() + LOCKED_NS)
        incident = await self._try(
            incident, "proof of work demanded", self.remedies.demand_captcha(until)
        )
        for ip in ips:
            lock = self.remedies.lock_source(ip, until, incident.id)
            incident = await self._try(incident, "source locked", lock, ip)
        async with self._db.begin() as tx:
            since = TimeNs(incident.opened_at - rules.WINDOW_NS)
            theirs = await self._books.incidents.sessions_from(tx, ips, since)
        for person, session in theirs:
            end = self.remedies.close_session(person, session, incident.id)
            incident = await self._try(incident, "session closed", end, person)
        return incident

    async def _leak(self, incident: Incident) -> Incident:
        assert self.remedies is not None
        subject, remedies = incident.subject, self.remedies
        if subject == SIGNING:
            return await self._try(incident, "signing key rotated", remedies.rotate_signing_key())
        async with self._db.begin() as tx:
            owner = await self._books.incidents.owner_of_key(tx, subject)
        if owner is None:
            return await self._step(incident, "nothing to revoke", "no key has this id any more")
        person, kind = owner
        done: list[tuple[str, Awaitable[object]]] = [
            ("key deleted", remedies.delete_key(person, subject, kind)),
            ("sessions closed", remedies.close_sessions(person, incident.id)),
            ("trading stopped", remedies.stop_trading(PersonId(person))),
        ]
        for name, work in done:
            incident = await self._try(incident, name, work, person)
        return incident

    async def _drift(self, incident: Incident) -> Incident:
        assert self.remedies is not None
        for fault in await self.remedies.faults() or ["nothing is found broken now"]:
            incident = await self._step(incident, "checked", fault)
        why = f"incident {incident.id}: {incident.reason}"[:200]
        return await self._try(incident, "trading halted", self.remedies.halt(why))

    async def _try(
        self, incident: Incident, step: str, work: Awaitable[object], about: str = ""
    ) -> Incident:
        """Do one thing and write down how it went; what fails does not stop the next."""
        try:
            said = await work
        except (DeskError, DBAPIError, OSError) as error:
            return await self._step(incident, f"failed: {step}", f"{about} {error}".strip())
        told = " ".join(str(one) for one in (about, said) if one not in (None, ""))
        return await self._step(incident, step, told or "done")

    async def _step(self, incident: Incident, step: str, detail: str) -> Incident:
        made = Step(at=self._clock.now(), step=step, detail=detail[:500])
        incident = replace(incident, steps=(*incident.steps, made), version=incident.version + 1)
        async with self._db.begin() as tx:
            await self._books.incidents.save(tx, incident)
        return incident

    async def _told(self, incident: Incident) -> Incident:
        incident = replace(incident, state="contained")
        incident = await self._step(incident, "told", "log, facts")
        async with self._db.begin() as tx:
            await self._record(tx, incident, "incident.contained")
        log.critical("incident.contained", id=incident.id, report=rules.report(incident))
        return incident

    async def _kept(self, tx: Tx, incident: Incident, action: str) -> None:
        await self._books.incidents.save(tx, incident)
        await self._record(tx, incident, action)

    async def _record(self, tx: Tx, incident: Incident, action: str) -> None:
        done = Action(
            chain=DESK_CHAIN,
            action=action,
            target=incident.id,
            after={"playbook": incident.playbook, "steps": len(incident.steps)},
            personal={"reason": incident.reason},
        )
        await self._books.audit.record(tx, done)


def _seen(events: list[SecurityEvent]) -> str:
    subjects = len({one.subject for one in events})
    return f"{len(events)} events about {subjects} subjects in the last minutes"
