"""Finds the chain for what happens on a paper account: its owner's."""

from hydradesk.accounts.contracts import DESK_CHAIN, Action, Audit, Detail
from hydradesk.accounts.ports.records import Owners
from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.tx import Tx


class OwnersTrail:
    """Answers contracts.AccountTrail. An account never changes hands, so owners are remembered."""

    def __init__(self, audit: Audit, owners: Owners) -> None:
        self._audit, self._owners = audit, owners
        self._known: dict[AccountId, str] = {}

    async def record(
        self,
        tx: Tx,
        account: AccountId,
        action: str,
        target: str = "",
        *,
        before: Detail | None = None,
        after: Detail | None = None,
    ) -> None:
        """Append to the owner's trail, in the transaction of what was done."""
        chain = self._known.get(account)
        if chain is None:
            chain = await self._owners.owner(tx, account)
            if chain is None:
                chain = DESK_CHAIN  # nobody's: not to be remembered, it may be stored later
            else:
                self._known[account] = chain
        told = Action(
            chain=chain, action=action, target=target, before=before or {}, after=after or {}
        )
        await self._audit.record(tx, told)
