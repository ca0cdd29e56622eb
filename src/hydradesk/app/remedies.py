"""What can be done about trouble: the one place that reaches into every room for it."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from hydradesk.accounts.ports.captcha import Defence
from hydradesk.accounts.service.audit import AuditKeeper
from hydradesk.app import migrate
from hydradesk.app.keyring import Keyring
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger.store import LedgerStore


class Desk(Struct, frozen=True):
    """What the house gives once trading is wired."""

    stop_trading: Callable[[PersonId], Awaitable[str]]
    halt: Callable[[str], Awaitable[None]]
    ledger: LedgerStore


class HouseRemedies:
    """Answers ports.incidents.Remedies."""

    def __init__(
        self, db: Database, keeper: AuditKeeper, keyring: Keyring, defence: Defence, desk: Desk
    ) -> None:
        self._db, self._keeper, self._keyring = db, keeper, keyring
        self._defence, self._desk = defence, desk

    async def lock_source(self, ip: str, until: TimeNs, reason: str) -> None:
        """Refuse everything from an address until an instant."""
        await self._defence.lock_source(ip, until, reason)

    async def demand_captcha(self, until: TimeNs) -> None:
        """Make every sign-in carry a proof of work until an instant."""
        await self._defence.demand_captcha(until)

    async def close_session(self, person: PersonId, session: str, reason: str) -> None:
        """End one session; NotFound when it has ended."""
        await self._keyring.sessions.close(person, session, reason)

    async def close_sessions(self, person: PersonId, reason: str) -> int:
        """End every session of somebody."""
        return await self._keyring.sessions.close_others(person, reason)

    async def delete_key(self, person: PersonId, key: str, kind: str) -> None:
        """Delete a key of kind `api` or `venue`; NotFound when it is gone."""
        if kind == "api":
            await self._keyring.keys.delete(person, key)
        else:
            await self._keyring.venues.remove(person, key)

    async def rotate_signing_key(self) -> str:
        """Sign with the next key from now on; returns what was done."""
        following = await self._keyring.tokens.rotate(now=True)
        return f"tokens are signed with {following} now" if following else "no key was due"

    async def stop_trading(self, person: PersonId) -> str:
        """Cancel somebody's orders and stop trading for them; returns what was done."""
        return await self._desk.stop_trading(person)

    async def halt(self, reason: str) -> None:
        """Halt all trading."""
        await self._desk.halt(reason)

    async def faults(self) -> list[str]:
        """Return what of the desk's own books does not hold: trail, ledger, schema."""
        found = []
        proof = await self._keeper.verify()
        if proof.broken is not None:
            one = proof.broken
            found.append(f"audit trail: chain {one.chain}, row {one.seq}: {one.what}")
        async with self._db.begin() as tx:
            totals = await self._desk.ledger.totals(tx)
            version = await sql(tx).scalar(migrate.VERSION)
        found += [
            f"ledger: {total} of {asset} from nowhere" for asset, total in totals.items() if total
        ]
        if version != migrate.HEAD:
            found.append(f"schema: version {version}, this program's is {migrate.HEAD}")
        return found
