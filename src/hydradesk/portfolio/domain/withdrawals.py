"""A withdrawal's life, as pure functions. docs/withdrawals.md draws it."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import TransferId
from hydradesk.kernel.numbers import Amount, Asset
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger.contracts import OUTSIDE, Transfer, book
from hydradesk.portfolio.contracts import FINAL_STATES, Withdrawal, WithdrawalState

HELD = "withdrawal"
"""The book that keeps what is on its way out."""


class Rules(Struct, frozen=True, kw_only=True):
    """What the desk allows; values in quote units."""

    delay_ns: int
    """How long it may be cancelled before it leaves."""
    review: Decimal
    """From this value on an administrator decides."""
    daily: Mapping[int, Decimal]
    """Most a day, by KYC level."""


def first_state(value: Decimal, rules: Rules) -> WithdrawalState:
    """Return where a new withdrawal begins: with an administrator, or with the delay."""
    return "pending" if value >= rules.review else "delayed"


def approved(one: Withdrawal, by: str, reason: str) -> Withdrawal:
    """An administrator agrees; it leaves when its delay is over."""
    if one.state != "pending":
        raise _wrong(one, "be approved")
    return _moved(one, "approved", reason=reason, decided_by=by)


def rejected(one: Withdrawal, by: str | None, reason: str) -> Withdrawal:
    """An administrator, or the sanctions list, refuses."""
    if one.state in FINAL_STATES:
        raise _wrong(one, "be rejected")
    return _moved(one, "rejected", reason=reason, decided_by=by)


def cancelled(one: Withdrawal) -> Withdrawal:
    """Its owner thinks better of it, or somebody else had asked."""
    if one.state in FINAL_STATES:
        raise _wrong(one, "be cancelled")
    return _moved(one, "cancelled")


def is_due(one: Withdrawal, now: TimeNs) -> bool:
    """Whether it may leave."""
    return one.state in ("delayed", "approved") and one.releases_at <= now


def done(one: Withdrawal, now: TimeNs) -> Withdrawal:
    """It leaves."""
    if not is_due(one, now):
        raise _wrong(one, "leave yet")
    return _moved(one, "done")


def reservation(one: Withdrawal, asset: Asset) -> Transfer:
    """Set the amount aside at once, so that it cannot be spent twice."""
    return _transfer(one, asset, "hold", "cash", HELD)


def returning(one: Withdrawal, asset: Asset) -> Transfer:
    """Give it back."""
    return _transfer(one, asset, "back", HELD, "cash")


def leaving(one: Withdrawal, asset: Asset) -> Transfer:
    """Send it away. On paper the outside takes it; a chain will, by the same step."""
    return Transfer(
        id=TransferId(f"withdrawal:{one.id}:out"),
        debit=book(one.account, HELD),
        credit=book(OUTSIDE, "withdrawals"),
        amount=Amount.exactly(one.qty, asset),
        kind="withdrawal",
    )


def _transfer(one: Withdrawal, asset: Asset, name: str, debit: str, credit: str) -> Transfer:
    return Transfer(
        id=TransferId(f"withdrawal:{one.id}:{name}"),
        debit=book(one.account, debit),
        credit=book(one.account, credit),
        amount=Amount.exactly(one.qty, asset),
        kind="withdrawal_hold" if name == "hold" else "withdrawal_release",
    )


def _moved(
    one: Withdrawal,
    state: WithdrawalState,
    *,
    reason: str | None = None,
    decided_by: str | None = None,
) -> Withdrawal:
    return replace(
        one,
        state=state,
        reason=reason or one.reason,
        decided_by=decided_by or one.decided_by,
        version=one.version + 1,
    )


def _wrong(one: Withdrawal, what: str) -> Conflict:
    return Conflict(f"a withdrawal that is {one.state} cannot {what}", field="id")
