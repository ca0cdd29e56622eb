"""Who trades on what: opens, resets and closes people's paper accounts, and remembers them."""

from decimal import Decimal

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import (
    ENTITLEMENTS,
    LOCAL,
    Account,
    AccountChanged,
    Accounts,
    AccountTrail,
    Detail,
    PersonChanged,
    account_name,
)
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import AccountId, PersonId, SessionId, TransferId
from hydradesk.kernel.numbers import Amount, Asset
from hydradesk.kernel.time import Clock, TimeNs
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.ledger.contracts import OUTSIDE, Ledger, Transfer, book
from hydradesk.market.contracts import SessionOpened
from hydradesk.portfolio.ports import Canceller, CurrentSession


class Paper(Struct, frozen=True, kw_only=True):
    """What a new paper account begins with."""

    deposit: Decimal
    asset: Asset
    auto_trade: bool
    """Whether the local person's first account trades signals by itself; others choose to."""
    demo: bool = True
    """Whether the local person has an account in every session."""


class Books(Struct, frozen=True):
    """Where accounts and their money are kept."""

    accounts: Accounts
    ledger: Ledger
    session: CurrentSession
    clock: Clock
    trail: AccountTrail


class Opener:
    """Answers accounts' TradingAccounts: every request asks, so the answer is in memory."""

    def __init__(self, db: Transactions, books: Books, paper: Paper) -> None:
        self._db, self._books, self._paper = db, books, paper
        self._open: dict[PersonId, Account] = {}
        self.canceller: Canceller | None = None
        """Execution, which is built after us; wiring sets it."""

    async def of(self, person: PersonId) -> AccountId:
        """Return a person's open account in the running session, opened if there is none."""
        return (await self.account(person)).id

    async def account(self, person: PersonId) -> Account:
        """Return the same with what is known of it."""
        session = self._books.session.session()
        known = self._open.get(person)
        if known is not None and known.session == session:
            return known
        if session is None:
            raise _opening()
        async with self._db.begin() as tx:
            known = await self._books.accounts.open_of(tx, person)
        if known is None or known.session != session:
            if person == LOCAL:
                raise _opening()  # on_session is about to
            known = await self._first(person, session)
        self._open[person] = known
        return known

    async def on_session(self, fact: SessionOpened) -> None:
        """Close what is open in older sessions and open its successors, whoever they belong to."""
        session = fact.session
        if self._books.session.session() not in (None, session.id):
            return  # told late: a newer session runs already
        async with self._db.begin() as tx:
            await self._books.accounts.claim(tx, LOCAL)
            old = [
                one for one in await self._books.accounts.open_ones(tx) if one.session != session.id
            ]
            await self._close(tx, old, session.start)
            new = [
                self._fresh(one.person, session.id, 1, one.auto_trade, session.start) for one in old
            ]
            if (
                self._paper.demo
                and not await self._books.accounts.last_number(tx, LOCAL, session.id)
                and not any(one.person == LOCAL for one in old)
            ):
                new.append(self._fresh(LOCAL, session.id, 1, self._paper.auto_trade, session.start))
            await self._fund(tx, new, session.start)

    async def on_account(self, fact: AccountChanged) -> None:
        """Forget what somebody, perhaps another process, has changed."""
        known = self._open.get(fact.account.person)
        if known is not None and known != fact.account:
            del self._open[fact.account.person]

    async def on_person(self, fact: PersonChanged) -> None:
        """Stop trading signals for whom it is no longer included, everything for who is gone."""
        if fact.status == "active" and ENTITLEMENTS[fact.role].auto_trade:
            return
        async with self._db.begin() as tx:
            account = await self._books.accounts.open_of(tx, fact.person)
        if account is None:
            return
        if account.auto_trade:
            await self.set_auto_trade(fact.person, wanted=False)
        if fact.status == "erased":
            await self._end(account)

    async def set_auto_trade(self, person: PersonId, *, wanted: bool) -> Account:
        """Turn signals into intents for a person's account, or stop doing so."""
        now = await self.account(person)
        async with self._db.begin() as tx:
            account = await self._books.accounts.get(tx, now.id)
            if account.auto_trade != wanted:
                account = msgspec.structs.replace(
                    account, auto_trade=wanted, version=account.version + 1
                )
                await self._books.accounts.save(tx, [account], self._books.clock.now())
                await self._books.trail.record(
                    tx, account.id, "account.auto_trade_set", after={"auto_trade": wanted}
                )
        self._open.pop(person, None)
        return account

    async def reset(self, person: PersonId) -> Account:
        """Cancel what is live, close the account, open the session's next one."""
        old = await self.account(person)
        assert self.canceller is not None, "wiring sets it"
        await self.canceller.cancel_all(old.id)
        at = self._books.clock.now()
        async with self._db.begin() as tx:
            await self._books.accounts.claim(tx, person)
            old = await self._books.accounts.get(tx, old.id)
            if old.closed:
                raise Unavailable("the account was reset meanwhile")
            await self._close(tx, [old], at)
            account = self._fresh(person, old.session, old.number + 1, old.auto_trade, at)
            await self._fund(tx, [account], at)
            closed: Detail = {"account": old.id}
            await self._books.trail.record(
                tx, account.id, "account.reset", account.id, before=closed
            )
        self._open[person] = account
        return account

    async def _first(self, person: PersonId, session: SessionId) -> Account:
        """Open an account for somebody without one in this session; together, still only one."""
        at = self._books.clock.now()
        async with self._db.begin() as tx:
            await self._books.accounts.claim(tx, person)
            known = await self._books.accounts.open_of(tx, person)
            if known is not None and known.session != session:
                known = await self._books.accounts.get(tx, known.id)  # on_session may be at it
                if known.closed:
                    known = await self._books.accounts.open_of(tx, person)
            if known is not None and known.session == session:
                return known
            if known is not None:
                await self._close(tx, [known], at)
            number = 1 + await self._books.accounts.last_number(tx, person, session)
            wanted = known.auto_trade if known is not None else False
            account = self._fresh(person, session, number, wanted, at)
            await self._fund(tx, [account], at)
        return account

    async def _end(self, account: Account) -> None:
        """Close an account for good."""
        assert self.canceller is not None, "wiring sets it"
        await self.canceller.cancel_all(account.id)
        async with self._db.begin() as tx:
            account = await self._books.accounts.get(tx, account.id)
            if not account.closed:
                await self._close(tx, [account], self._books.clock.now())
        self._open.pop(account.person, None)

    def _fresh(
        self, person: PersonId, session: SessionId, number: int, auto_trade: bool, at: TimeNs
    ) -> Account:
        return Account(
            id=account_name(session, person, number),
            person=person,
            session=session,
            number=number,
            opened_at=at,
            deposit=self._paper.deposit,
            asset=self._paper.asset.symbol,
            auto_trade=auto_trade,
        )

    async def _fund(self, tx: Tx, new: list[Account], at: TimeNs) -> None:
        """Save new accounts and mint their play money, together."""
        if not new:
            return
        await self._books.accounts.add(tx, new, at)
        gifts = [
            Transfer(
                id=TransferId(f"deposit:{account.id}"),
                debit=book(OUTSIDE, "paper-mint"),
                credit=book(account.id, "cash"),
                amount=Amount.exactly(account.deposit, self._paper.asset),
                kind="deposit",
            )
            for account in new
        ]
        await self._books.ledger.post(tx, gifts, at)

    async def _close(self, tx: Tx, old: list[Account], at: TimeNs) -> None:
        if old:
            closed = [
                msgspec.structs.replace(one, closed=True, version=one.version + 1) for one in old
            ]
            await self._books.accounts.save(tx, closed, at)


def _opening() -> Unavailable:
    return Unavailable("the desk is still opening its paper account", fix="ask again in a second")
