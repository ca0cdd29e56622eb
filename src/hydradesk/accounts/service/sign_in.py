"""What every way of signing in ends in: a person, perhaps a second step, a session, a record."""

import hashlib
from base64 import b32encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import (
    DESK_CHAIN,
    Action,
    Audit,
    Detail,
    Features,
    Issued,
    Method,
    People,
    Person,
    SecurityLog,
    Sessions,
)
from hydradesk.accounts.contracts.credentials import Credential, CredentialKind, FactorKind
from hydradesk.accounts.contracts.refusals import AccountSuspended, CredentialTaken
from hydradesk.accounts.ports.credentials import (
    CredentialBook,
    FactorBook,
    OneTime,
    Randomness,
)
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import DeskError, Invalid, Unavailable
from hydradesk.kernel.ids import IdSource, PersonId
from hydradesk.kernel.time import MINUTE, Clock, TimeNs
from hydradesk.kernel.tx import Transactions, Tx

TICKET_NS = 5 * MINUTE
TICKET_TRIES = 5
NAME_LONGEST = 64


class Books(Struct, frozen=True, kw_only=True):
    """What is stored."""

    people: People
    credentials: CredentialBook
    factors: FactorBook
    sessions: Sessions
    audit: Audit


class Around(Struct, frozen=True, kw_only=True):
    """Where time, names and chance come from."""

    clock: Clock
    ids: IdSource
    random: Randomness
    once: OneTime
    features: Features
    security: SecurityLog | None = None
    """Where refusals are also noted, so that many of them become an incident."""


class Welcome(Struct, frozen=True, kw_only=True):
    """What a first sign-in tells about a person."""

    name: str
    email: str | None = None
    email_verified: bool = False
    whop_id: str | None = None
    referrer: str | None = None
    """The referral code of whoever sent them."""


class Key(Struct, frozen=True, kw_only=True):
    """A credential that was just proved, known to the desk or not."""

    kind: CredentialKind
    subject: str
    label: str
    secret: str = ""
    counter: int = 0


class SignedIn(Struct, frozen=True, kw_only=True):
    """They are in."""

    person: Person
    issued: Issued


class FactorNeeded(Struct, frozen=True, kw_only=True):
    """The first step was right; a second one is asked for."""

    ticket: str
    factors: Sequence[FactorKind]
    expires_at: TimeNs


class Ticket(Struct, frozen=True, kw_only=True):
    """What is remembered between the two steps."""

    person: PersonId
    method: Method
    expires_at: TimeNs
    tries: int = TICKET_TRIES


class Watch:
    """What a refusal's record will say; filled in as it becomes known."""

    def __init__(self) -> None:
        self.chain, self.after = DESK_CHAIN, Detail()
        self.personal = Detail()

    def know(self, person: PersonId) -> None:
        """From here on it is this person's affair."""
        self.chain = person


class SignInService:
    """Ends every sign-in; holds what the ways of signing in share."""

    def __init__(self, db: Transactions, books: Books, around: Around) -> None:
        self.db, self.books, self.around = db, books, around

    @asynccontextmanager
    async def watched(self, action: str) -> AsyncIterator[Watch]:
        """Record it when what is inside is refused, in a transaction of its own."""
        watch = Watch()
        try:
            yield watch
        except Unavailable:
            raise
        except DeskError as error:
            refused = Action(
                chain=watch.chain,
                action=action,
                after=watch.after | {"code": error.code},
                personal=watch.personal,
                ok=False,
            )
            async with self.db.begin() as tx:
                await self.books.audit.record(tx, refused)
            self._note(watch, action, error)
            raise

    def _note(self, watch: Watch, action: str, error: DeskError) -> None:
        """Tell the security log; whom nobody is known by is told apart by a digest."""
        subject = watch.chain
        if subject == DESK_CHAIN:
            subject = hashlib.sha256(repr(sorted(watch.personal.items())).encode()).hexdigest()[:16]
        if self.around.security is not None:
            told: Detail = {"action": action, "code": error.code}
            self.around.security.note("sign_in_refused", subject, told)

    async def with_key(
        self, key: Key, welcome: Welcome, watch: Watch, *, strong: bool = False
    ) -> SignedIn | FactorNeeded:
        """Sign in whoever the key belongs to; a key that is new brings a new person."""
        watch.after |= {"method": key.kind}
        try:
            return await self._with_key(key, welcome, watch, strong)
        except CredentialTaken:  # the same key came twice at once, and the other was first
            return await self._with_key(key, welcome, watch, strong)

    async def _with_key(
        self, key: Key, welcome: Welcome, watch: Watch, strong: bool
    ) -> SignedIn | FactorNeeded:
        async with self.db.begin() as tx:
            known = await self.books.credentials.find(tx, key.kind, key.subject)
            if known is None:
                person = await self.join(tx, welcome)
                await self.attach(tx, person.id, key)
            else:
                watch.know(known.person)
                person = await self.books.people.get(tx, known.person)
                await self.used(tx, known)
            return await self.enter(tx, person, key.kind, strong=strong)

    async def enter(
        self, tx: Tx, person: Person, method: Method, *, strong: bool = False
    ) -> SignedIn | FactorNeeded:
        """Open a session, or ask for the second step; `strong`: it was taken already."""
        if person.status != "active":
            raise AccountSuspended("this person may not sign in", fix="ask the desk's support")
        factors = await self.factors(tx, person.id)
        if factors and not strong:
            return await self._ask_factor(tx, person, method, factors)
        alone = not await self._can_step_up(tx, person.id)
        issued = await self.books.sessions.open(tx, person.id, method, proved_twice=strong or alone)
        await self.record(
            tx,
            person.id,
            "auth.signed_in",
            target=issued.session,
            after={"method": method, "second_factor": strong},
        )
        return SignedIn(person=person, issued=issued)

    async def factors(self, tx: Tx, person: PersonId) -> list[FactorKind]:
        """Return what a person can prove a second time with; empty: nothing is asked."""
        found: list[FactorKind] = []
        totp = await self.books.factors.totp(tx, person)
        if totp is not None and totp.confirmed:
            found.append("totp")
        if any(one.kind == "passkey" for one in await self.books.credentials.of_person(tx, person)):
            found.append("passkey")
        if found and await self.books.factors.recovery_left(tx, person):
            found.append("recovery")
        return found

    async def configured(self, tx: Tx, person: PersonId) -> bool:
        """Whether there is a second factor; answers ports.SecondFactors."""
        return bool(await self.factors(tx, person))

    async def join(self, tx: Tx, welcome: Welcome) -> Person:
        """Make a new person; raises FeatureOff, Conflict, or Invalid for an unknown referrer."""
        self.around.features.require("sign_up")
        referrer = await self._referrer(tx, welcome.referrer)
        now = self.around.clock.now()
        person = Person(
            id=PersonId(f"p-{self.around.ids.new()}"),
            name=welcome.name[:NAME_LONGEST],
            email=welcome.email,
            email_verified=welcome.email_verified,
            referral_code=b32encode(self.around.random(5)).decode(),
            referrer=referrer,
            whop_id=welcome.whop_id,
            created_at=now,
        )
        await self.books.people.add(tx, person, now)
        after: Detail = {"role": person.role, "referrer": referrer}
        personal: Detail = {"name": person.name, "email": person.email}
        await self.record(tx, person.id, "auth.signed_up", after=after, personal=personal)
        return person

    async def attach(self, tx: Tx, person: PersonId, key: Key) -> Credential:
        """Give a person one more way in."""
        now = self.around.clock.now()
        credential = Credential(
            id=self.around.ids.new(),
            person=person,
            kind=key.kind,
            subject=key.subject,
            label=key.label,
            secret=key.secret,
            counter=key.counter,
            created_at=now,
            last_used_at=now,
        )
        await self.books.credentials.add(tx, credential)
        await self.record(
            tx,
            person,
            "auth.credential_added",
            target=credential.id,
            after={"kind": key.kind},
            personal={"label": key.label},
        )
        return credential

    async def used(self, tx: Tx, credential: Credential, **changes: object) -> None:
        """Note that a credential was shown just now."""
        changes |= {"last_used_at": self.around.clock.now()}
        await self.books.credentials.save(tx, msgspec.structs.replace(credential, **changes))

    async def record(self, tx: Tx, person: PersonId, action: str, **what: object) -> None:
        """Append to a person's trail; who proved to be them is the one who acts."""
        origin = ORIGIN.get()
        if origin.actor == "anonymous":
            ORIGIN.set(msgspec.structs.replace(origin, actor=person))
        await self.books.audit.record(tx, Action(chain=person, action=action, **what))  # type: ignore[arg-type]

    async def ticket(self, ticket: str) -> Ticket | None:
        """Take a ticket; whoever holds it gives it back for another try."""
        kept = await self.around.once.take(_place(ticket))
        return None if kept is None else msgspec.json.decode(kept, type=Ticket)

    async def keep_ticket(self, ticket: str, kept: Ticket) -> None:
        """Keep a ticket until it expires."""
        left = kept.expires_at - self.around.clock.now()
        if left > 0 and kept.tries > 0:
            await self.around.once.put(_place(ticket), msgspec.json.encode(kept).decode(), left)

    async def _ask_factor(
        self, tx: Tx, person: Person, method: Method, factors: list[FactorKind]
    ) -> FactorNeeded:
        ticket = urlsafe_b64encode(self.around.random(32)).decode().rstrip("=")
        ends = TimeNs(self.around.clock.now() + TICKET_NS)
        kept = Ticket(person=person.id, method=method, expires_at=ends)
        await self.keep_ticket(ticket, kept)
        await self.record(tx, person.id, "auth.first_step", after={"method": method})
        return FactorNeeded(ticket=ticket, factors=factors, expires_at=ends)

    async def _can_step_up(self, tx: Tx, person: PersonId) -> bool:
        """Whether they have anything to prove themselves with again, once inside."""
        kinds = {one.kind for one in await self.books.credentials.of_person(tx, person)}
        return bool(kinds & {"password", "siws", "siwe", "passkey"})

    async def _referrer(self, tx: Tx, code: str | None) -> PersonId | None:
        if not code:
            return None
        found = await self.books.people.by_code(tx, code.upper())
        if found is None or found.status == "erased":
            raise Invalid(
                "nobody has this referral code", field="referrer", fix="check it, or leave it out"
            )
        return found.id


def digest(text: str) -> str:
    """What is kept of a token that must not be readable at rest."""
    return hashlib.sha256(text.encode()).hexdigest()


def _place(ticket: str) -> str:
    return f"ticket:{digest(ticket)}"
