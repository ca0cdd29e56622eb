"""Tables of what people sign in with and prove a second time with."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from hydradesk.accounts.contracts.credentials import (
    SEED_PLACE,
    Credential,
    CredentialKind,
    Enrolment,
    Factor,
    Membership,
    seed_place,
)
from hydradesk.accounts.contracts.refusals import CredentialTaken
from hydradesk.infra.db import OF_PERSON, insert_new, metadata, sql
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

credentials = Table(
    "accounts_credentials",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("kind", "subject", name="accounts_credentials_subject"),
    Index("accounts_credentials_person", "person"),
    info=OF_PERSON,
)
authenticators = Table(
    "accounts_authenticators",
    metadata,
    Column("person", String, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("step", BigInteger, nullable=False),
    info=OF_PERSON,
)
recovery_codes = Table(
    "accounts_recovery_codes",
    metadata,
    Column("person", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("used", Boolean, nullable=False),
    info=OF_PERSON,
)
enrolments = Table(
    "accounts_enrolments",
    metadata,
    Column("digest", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    info=OF_PERSON,
)
memberships = Table(
    "accounts_memberships",
    metadata,
    Column("id", String, primary_key=True),
    Column("whop_id", String, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""By Whop's user, who may not have come to the desk yet: of no tenant."""
whop_events = Table(
    "accounts_whop_events",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
)


class CredentialStore:
    """Answers ports.CredentialBook."""

    async def find(self, tx: Tx, kind: CredentialKind, subject: str) -> Credential | None:
        """Return the credential of this subject, locked until the transaction ends."""
        mine = (credentials.c.kind == kind) & (credentials.c.subject == subject)
        body = await sql(tx).scalar(select(credentials.c.body).where(mine).with_for_update())
        return None if body is None else msgspec.json.decode(body, type=Credential)

    async def of_person(self, tx: Tx, person: PersonId) -> list[Credential]:
        """Return a person's credentials, oldest first."""
        mine = select(credentials.c.body).where(credentials.c.person == person)
        ordered = mine.order_by(credentials.c.created_at, credentials.c.id)
        return [
            msgspec.json.decode(body, type=Credential) for body in await sql(tx).scalars(ordered)
        ]

    async def add(self, tx: Tx, credential: Credential) -> None:
        """Save a new one; CredentialTaken when the subject is somebody's already."""
        try:
            async with sql(tx).begin_nested():
                await sql(tx).execute(insert(credentials).values(_row(credential)))
        except IntegrityError as error:
            raise CredentialTaken(
                "this belongs to a person of this desk already",
                fix="sign in with it, or unlink it there first",
            ) from error

    async def save(self, tx: Tx, credential: Credential) -> None:
        """Save a changed one."""
        mine = update(credentials).where(credentials.c.id == credential.id)
        await sql(tx).execute(mine.values(_row(credential)))

    async def remove(self, tx: Tx, person: PersonId, credential: str) -> None:
        """Forget one; NotFound when the person has none of this id."""
        mine = (credentials.c.id == credential) & (credentials.c.person == person)
        if (await sql(tx).execute(delete(credentials).where(mine))).rowcount != 1:
            raise NotFound(f"you have no credential {credential}")


class FactorStore:
    """Answers ports.FactorBook."""

    async def totp(self, tx: Tx, person: PersonId) -> Factor | None:
        """Return a person's authenticator, locked until the transaction ends."""
        mine = select(authenticators).where(authenticators.c.person == person)
        row = (await sql(tx).execute(mine.with_for_update())).one_or_none()
        return None if row is None else Factor(**row._mapping)

    async def save_totp(self, tx: Tx, factor: Factor) -> None:
        """Save it, new or changed."""
        row = msgspec.structs.asdict(factor)
        new = postgresql.insert(authenticators).values(row)
        await sql(tx).execute(new.on_conflict_do_update(index_elements=["person"], set_=row))

    async def remove_totp(self, tx: Tx, person: PersonId) -> None:
        """Forget it."""
        await sql(tx).execute(delete(authenticators).where(authenticators.c.person == person))

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of seeds not sealed with this data key, locked."""
        other = authenticators.c.sealed.not_like(f"v1.{key}.%")
        query = select(authenticators.c.person, authenticators.c.sealed).where(other).limit(limit)
        rows = await sql(tx).execute(query.with_for_update(skip_locked=True))
        return [(seed_place(row.person), row.sealed) for row in rows]

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one seed."""
        mine = authenticators.c.person == place.removeprefix(SEED_PLACE)
        await sql(tx).execute(update(authenticators).where(mine).values(sealed=sealed))

    async def replace_recovery(self, tx: Tx, person: PersonId, digests: Sequence[str]) -> None:
        """Keep these recovery codes instead of those before."""
        await sql(tx).execute(delete(recovery_codes).where(recovery_codes.c.person == person))
        rows = [{"person": person, "digest": one, "used": False} for one in digests]
        if rows:
            await sql(tx).execute(insert(recovery_codes), rows)

    async def use_recovery(self, tx: Tx, person: PersonId, digest: str) -> bool:
        """Use one up; False when it is none of the person's, or was used."""
        columns = recovery_codes.c
        mine = (columns.person == person) & (columns.digest == digest) & columns.used.is_(False)
        done = await sql(tx).execute(update(recovery_codes).where(mine).values(used=True))
        return done.rowcount == 1

    async def recovery_left(self, tx: Tx, person: PersonId) -> int:
        """Return how many are left."""
        columns = recovery_codes.c
        left = select(func.count()).where((columns.person == person) & columns.used.is_(False))
        return int(await sql(tx).scalar(left) or 0)


class EnrolmentStore:
    """Answers ports.EnrolmentBook."""

    async def add(self, tx: Tx, enrolment: Enrolment) -> None:
        """Keep a code's digest, instead of the person's codes before."""
        await sql(tx).execute(delete(enrolments).where(enrolments.c.person == enrolment.person))
        await sql(tx).execute(insert(enrolments).values(msgspec.structs.asdict(enrolment)))

    async def take(self, tx: Tx, digest: str) -> Enrolment | None:
        """Return what a code is good for, and forget it."""
        gone = delete(enrolments).where(enrolments.c.digest == digest)
        row = (await sql(tx).execute(gone.returning(*enrolments.c))).one_or_none()
        return None if row is None else Enrolment(**row._mapping)


class MembershipStore:
    """Answers ports.MembershipBook."""

    async def first_time(self, tx: Tx, event: str, at: TimeNs) -> bool:
        """Remember that an event came; False when it had come before."""
        return await insert_new(tx, whop_events, id=event, at=at)

    async def keep(self, tx: Tx, membership: Membership) -> None:
        """Keep the state of one membership, unless a later one is known."""
        row = {
            "id": membership.id,
            "whop_id": membership.whop_id,
            "at": membership.at,
            "body": msgspec.json.encode(membership).decode(),
        }
        new = postgresql.insert(memberships).values(row)
        await sql(tx).execute(
            new.on_conflict_do_update(
                index_elements=["id"], set_=row, where=memberships.c.at <= membership.at
            )
        )

    async def of_whop(self, tx: Tx, whop_id: str) -> list[Membership]:
        """Return the memberships of one Whop user."""
        mine = select(memberships.c.body).where(memberships.c.whop_id == whop_id)
        rows = await sql(tx).scalars(mine)
        return [msgspec.json.decode(body, type=Membership) for body in rows]


def _row(credential: Credential) -> dict[str, object]:
    return {
        "id": credential.id,
        "person": credential.person,
        "kind": credential.kind,
        "subject": credential.subject,
        "created_at": credential.created_at,
        "body": msgspec.json.encode(credential).decode(),
    }
