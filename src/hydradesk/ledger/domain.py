"""Double entry: what leaves one book arrives in another."""

from collections.abc import Iterable, Mapping

from hydradesk.kernel.errors import Invalid
from hydradesk.ledger.contracts import OUTSIDE, Book, InsufficientFunds, Transfer

Balances = Mapping[tuple[Book, str], int]
"""(book, asset symbol) -> quanta."""

FLOORLESS = f"{OUTSIDE}/"
"""Books with this prefix stand for the outside world and may go negative."""


def legs(transfer: Transfer) -> tuple[tuple[Book, int], tuple[Book, int]]:
    """Return (book, delta) for the debit and the credit; Invalid when nothing would move."""
    if transfer.debit == transfer.credit or transfer.amount.quanta <= 0:
        raise Invalid(f"transfer {transfer.id} moves nothing")
    quanta = transfer.amount.quanta
    return (transfer.debit, -quanta), (transfer.credit, quanta)


def deltas(transfers: Iterable[Transfer]) -> dict[tuple[Book, str], int]:
    """Sum a batch per (book, asset), in sorted order, so that writers lock in one order."""
    change: dict[tuple[Book, str], int] = {}
    for transfer in transfers:
        for name, delta in legs(transfer):
            slot = (name, transfer.amount.asset.symbol)
            change[slot] = change.get(slot, 0) + delta
    return dict(sorted(change.items()))


def post(balances: Balances, transfers: Iterable[Transfer]) -> Balances:
    """Return the balances after a batch, or raise InsufficientFunds and change nothing."""
    after = dict(balances)
    for slot, delta in deltas(transfers).items():
        after[slot] = after.get(slot, 0) + delta
        if after[slot] < 0 and not slot[0].startswith(FLOORLESS):
            raise InsufficientFunds(f"{slot[0]} is short of {-after[slot]} quanta of {slot[1]}")
    return after
