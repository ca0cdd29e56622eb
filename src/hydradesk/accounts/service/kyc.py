"""Finds out who people are: documents, cases, verdicts, expiry."""

import asyncio
from collections.abc import Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import (
    Action,
    Audit,
    Detail,
    Hit,
    KycStatus,
    People,
    Person,
    Screening,
    Secret,
    SecurityLog,
    Vault,
)
from hydradesk.accounts.contracts.kyc import (
    Case,
    Document,
    DocumentKind,
    SanctionsHit,
    Verdict,
)
from hydradesk.accounts.domain import kyc as rules
from hydradesk.accounts.ports.kyc import KycBook, KycProvider
from hydradesk.accounts.service.means import Means
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import Conflict, Forbidden, NotFound, Unavailable
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import rfc3339
from hydradesk.kernel.tx import Tx

PIECE = 256 * 1024
"""Bytes sealed at once: the loop is held for less than a millisecond."""
EVERY_S = 30.0
TOGETHER = 200

log = structlog.get_logger("kyc")


class ManualReview:
    """Answers ports.kyc.KycProvider: our own staff decides."""

    name = "manual"

    async def submit(self, case: Case, documents: Sequence[Document]) -> Verdict | None:
        """Leave it to staff."""
        return None

    async def poll(self, case: Case) -> Verdict | None:
        """Leave it to staff."""
        return None


class KycBooks(Struct, frozen=True):
    """Where people, cases and documents are kept, and what is done is recorded."""

    people: People
    cases: KycBook
    vault: Vault
    audit: Audit
    security: SecurityLog


class Standing(Struct, frozen=True, kw_only=True):
    """A person, their latest case and documents."""

    person: Person
    case: Case | None
    documents: list[Document]


class KycService:
    """Who somebody is."""

    def __init__(
        self,
        means: Means,
        books: KycBooks,
        provider: KycProvider,
        screening: Screening,
        valid_ns: int,
    ) -> None:
        self._db, self._clock, self._ids = means.db, means.clock, means.ids
        self._books, self._provider, self._screening = books, provider, screening
        self._valid_ns = valid_ns

    async def standing(self, person: PersonId) -> Standing:
        """Return how far somebody is; raises NotFound."""
        async with self._db.begin() as tx:
            return await self._standing(tx, person)

    async def queue(
        self, status: KycStatus, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[Person, Case]]:
        """Return people of a status with their cases, the longest waiting first."""
        async with self._db.begin() as tx:
            return await self._books.cases.queue(tx, status, after, limit)

    async def upload(
        self, person: PersonId, kind: DocumentKind, name: str, declared: str, body: bytes
    ) -> Document:
        """Keep a document, sealed; Invalid when it is not what it is said to be."""
        found = rules.checked(body, declared)
        document = Document(
            id=f"d-{self._ids.new()}",
            person=person,
            kind=kind,
            name=rules.file_name(name, found),
            type=found,
            size=len(body),
            uploaded_at=self._clock.now(),
        )
        async with self._db.begin() as tx:
            owner = await self._books.people.locked(tx, person)
            if owner.kyc == "pending":
                raise Conflict("a case is pending: its documents stay as they are")
            if len(await self._books.cases.documents(tx, person)) >= rules.MOST_DOCUMENTS:
                raise Conflict(f"there are {rules.MOST_DOCUMENTS} documents already")
            sealed: list[str] = []
            for start in range(0, len(body), PIECE):
                piece = Secret(body[start : start + PIECE])
                place = f"kyc:{document.id}:{len(sealed)}"
                sealed.append(await self._books.vault.seal(tx, piece, place))
                await asyncio.sleep(0)
            await self._books.cases.add(tx, document, sealed)
            told: Detail = {"kind": kind, "type": found, "size": len(body)}
            await self._record(tx, "kyc.document_added", person, document.id, told)
        return document

    async def content(self, person: PersonId, document: str) -> tuple[Document, bytes]:
        """Return a document's bytes, for staff; that they were read is recorded."""
        async with self._db.begin() as tx:
            found = await self._books.cases.document(tx, person, document)
            pieces = await self._books.cases.pieces(tx, document)
            body = bytearray()
            for n, sealed in enumerate(pieces):
                piece = await self._books.vault.open(tx, sealed, f"kyc:{document}:{n}")
                body += piece.reveal()
                await asyncio.sleep(0)
            await self._record(tx, "kyc.document_read", person, document, {})
        return found, bytes(body)

    async def submit(self, person: PersonId, level: int) -> Standing:
        """Ask for a level; screening runs, and the provider may decide at once."""
        async with self._db.begin() as tx:
            before = await self._books.people.locked(tx, person)
            documents = await self._books.cases.documents(tx, person)
            after = rules.submitted(before, level, {one.kind for one in documents})
            hit = await self._screened(tx, after)
            case = Case(
                person=person,
                wanted=level,
                submitted_at=self._clock.now(),
                provider=self._provider.name,
                hit=hit.entry if hit else None,
            )
            await self._books.people.save(tx, after, self._clock.now())
            await self._books.cases.save(tx, case)
            told: Detail = {"status": after.kyc, "level": level, "hit": hit is not None}
            await self._record(tx, "kyc.submitted", person, person, told, {"status": before.kyc})
        self._warn(person, hit)
        if hit is None:  # with a match only staff decides
            await self._settle(case, await self._asked(case, documents))
        return await self.standing(person)

    async def decide(self, person: PersonId, verdict: Verdict) -> Standing:
        """Approve or refuse a pending case, as staff; never one's own."""
        if ORIGIN.get().actor == person:
            raise Forbidden("nobody decides about themselves: ask somebody else")
        await self._decide(person, verdict, ORIGIN.get().actor)
        return await self.standing(person)

    async def expire(self) -> int:
        """End the approvals whose time is over; returns how many."""
        done = 0
        async with self._db.begin() as tx:
            ended = await self._books.cases.ended(tx, self._clock.now(), TOGETHER)
        for person in ended:
            async with self._db.begin() as tx:
                before = await self._books.people.locked(tx, person)
                after = rules.lapsed(before, self._clock.now())
                if after is None:
                    continue
                await self._books.people.save(tx, after, self._clock.now())
                old: Detail = {"status": before.kyc, "level": before.kyc_level}
                new: Detail = {"status": after.kyc, "level": after.kyc_level}
                await self._record(tx, "kyc.expired", person, person, new, old)
                done += 1
        return done

    async def poll(self) -> None:
        """Ask the provider about every pending case it may decide."""
        place: tuple[int, str] | None = None
        while True:
            waiting = await self.queue("pending", place, TOGETHER)
            for _, case in waiting:
                if case.hit is None and case.provider == self._provider.name:
                    await self._settle(case, await self._provider.poll(case))
            if len(waiting) < TOGETHER:
                return
            place = (waiting[-1][1].submitted_at, waiting[-1][1].person)

    async def run(self) -> None:
        """Expire and poll, twice a minute, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.expire()
                await self.poll()
            except (DBAPIError, OSError, Unavailable) as error:
                log.warning("kyc.waiting", error=type(error).__name__)

    async def _asked(self, case: Case, documents: list[Document]) -> Verdict | None:
        try:
            return await self._provider.submit(case, documents)
        except Unavailable:
            log.warning("kyc.provider_away", provider=self._provider.name)
            return None

    async def _settle(self, case: Case, verdict: Verdict | None) -> None:
        if verdict is not None:
            try:
                await self._decide(case.person, verdict, f"provider:{case.provider}")
            except Conflict as error:  # staff was quicker, or the list knows them by now
                log.info("kyc.not_decided", person=case.person, reason=str(error))

    async def _decide(self, person: PersonId, verdict: Verdict, by: str) -> None:
        hit: Hit | None = None
        async with self._db.begin() as tx:
            before = await self._books.people.locked(tx, person)
            case = await self._books.cases.case(tx, person)
            if case is None:
                raise NotFound(f"there is no case of {person[:64]!r}", field="person")
            now = self._clock.now()
            after = rules.decided(before, case, verdict, now, self._valid_ns)
            hit = await self._screened(tx, before) if verdict.approved else None
            told: Detail = {"status": after.kyc, "level": after.kyc_level, "by": by}
            if hit is None:
                ends = after.kyc_expires_at
                told["expires_at"] = None if ends is None else rfc3339(ends)
                await self._books.people.save(tx, after, now)
                case = replace(
                    case,
                    decided_at=now,
                    decided_by=by,
                    approved=verdict.approved,
                    reason=verdict.reason or None,
                )
            case = replace(case, hit=hit.entry if hit else case.hit)
            await self._books.cases.save(tx, case)
            old: Detail = {"status": before.kyc, "level": before.kyc_level}
            done = Action(
                chain=person,
                action="kyc.decided",
                target=person,
                before=old,
                after=told if hit is None else {},
                personal={"reason": verdict.reason, "hit": hit.entry if hit else None},
                ok=hit is None,
            )
            await self._books.audit.record(tx, done)
        if hit is not None:
            self._warn(person, hit)
            raise SanctionsHit(f"the sanctions list has an entry {hit.entry!r}, by {hit.matched}")

    async def _standing(self, tx: Tx, person: PersonId) -> Standing:
        return Standing(
            person=await self._books.people.get(tx, person),
            case=await self._books.cases.case(tx, person),
            documents=await self._books.cases.documents(tx, person),
        )

    async def _screened(self, tx: Tx, person: Person) -> Hit | None:
        hit = self._screening.check(name=person.name)
        for address in await self._books.cases.wallets(tx, person.id):
            hit = hit or self._screening.check(address=address)
        return hit

    def _warn(self, person: PersonId, hit: Hit | None) -> None:
        if hit is not None:
            told: Detail = {"matched": hit.matched, "list": hit.list}
            self._books.security.note("sanctions_hit", person, told, "critical")

    async def _record(
        self,
        tx: Tx,
        action: str,
        person: PersonId,
        target: str,
        after: Detail,
        before: Detail | None = None,
    ) -> None:
        done = Action(chain=person, action=action, target=target, before=before or {}, after=after)
        await self._books.audit.record(tx, done)
