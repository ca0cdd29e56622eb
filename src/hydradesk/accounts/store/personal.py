"""Tables as kinds of personal data: what is shown of them, and whether erasing empties them."""

from collections.abc import Collection
from decimal import Decimal

import msgspec
from sqlalchemy import Table, text

from hydradesk.accounts.contracts.privacy import Row
from hydradesk.infra.db import sql
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx

SECRET = frozenset({"secret", "sealed", "digest", "csrf", "previous", "salt", "prev", "hash"})
"""Columns, and members of a body, that are never shown: to have them is to be somebody."""
OWN = "person = :person"
OF_BOTH_ENDS = (
    "account IN (SELECT account FROM accounts_accounts WHERE person = :person) OR "
    "counter_account IN (SELECT account FROM accounts_accounts WHERE person = :person)"
)
OF_ACCOUNTS = "account IN (SELECT account FROM accounts_accounts WHERE person = :person)"


class TablePersonal:
    """Answers contracts.privacy.Personal for one table.

    Args:
        table: whose rows.
        name: what the file in the export is called.
        where: which rows are a person's, in SQL with `:person`.
        shown: whether they are in the export.
        erased: whether they go when the person goes.
    """

    def __init__(
        self, table: Table, name: str, where: str = OWN, *, shown: bool = True, erased: bool = True
    ) -> None:
        self.table, self.name = table, name
        self._where, self._shown, self._erased = where, shown, erased

    async def rows(self, tx: Tx, person: PersonId) -> list[Row]:
        """Return everything of a person, without secrets."""
        if not self._shown:
            return []
        columns = ", ".join(c.name for c in self.table.columns if c.name not in SECRET)
        query = f"SELECT {columns} FROM {self.table} WHERE {self._where} ORDER BY 1, 2"  # noqa: S608
        found = await sql(tx).execute(text(query), {"person": person})
        return [_open(dict(row._mapping)) for row in found]

    async def erase(self, tx: Tx, person: PersonId) -> int:
        """Delete them, unless they have to stay."""
        if not self._erased:
            return 0
        gone = text(f"DELETE FROM {self.table} WHERE {self._where}")  # noqa: S608
        return int((await sql(tx).execute(gone, {"person": person})).rowcount)


def _open(row: dict[str, object]) -> Row:
    """Put the members of a stored body in its place; write decimals plainly."""
    for name in ("body", "personal"):
        if isinstance(row.get(name), str):
            try:
                row[name] = without(msgspec.json.decode(str(row[name])), SECRET)
            except msgspec.MsgspecError:
                continue
    return {
        name: format(one, "f") if isinstance(one, Decimal) else one for name, one in row.items()
    }


def without(node: object, names: Collection[str]) -> object:
    """Return JSON without the members of these names, however deep."""
    if isinstance(node, dict):
        return {key: without(one, names) for key, one in node.items() if key not in names}
    return [without(one, names) for one in node] if isinstance(node, list) else node
