"""The audit trail: what was done, by whom, provably unchanged since."""

from typing import Protocol

from msgspec import Struct

from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.tx import Tx

Detail = dict[str, str | int | bool | None]
DESK_CHAIN = "desk"
"""The chain of what concerns nobody in particular: settings, incidents, keys of the desk."""


class Action(Struct, frozen=True, kw_only=True):
    """Something privileged that happened. Who and from where come from infra.origin.ORIGIN."""

    chain: str
    """Whose trail it belongs to: a person's id, or DESK_CHAIN."""
    action: str
    """`auth.signed_in`, `keys.created`, `withdrawal.approved` …: room or subject, then verb."""
    target: str = ""
    """The id of what it was done to."""
    before: Detail = {}
    after: Detail = {}
    """What changed: ids, states, amounts as strings. Nothing personal, nothing secret."""
    personal: Detail = {}
    """Personal data (addresses, names): kept beside the chain, which holds only its digest, so
    that it can be erased and the chain still proves."""
    ok: bool = True
    """False for a refusal."""


class Audit(Protocol):
    """Answered by accounts' audit store."""

    async def record(self, tx: Tx, *actions: Action) -> None:
        """Append to the trails, in the transaction of what was done."""
        ...


class AccountTrail(Protocol):
    """The trail of whoever owns a paper account, for the rooms above. Answered by accounts."""

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
        ...
