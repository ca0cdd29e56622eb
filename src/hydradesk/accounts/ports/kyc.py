"""What KYC needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from hydradesk.accounts.contracts import KycStatus, Person
from hydradesk.accounts.contracts.kyc import Case, Document, Verdict
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class KycProvider(Protocol):
    """Somebody who finds out who people are: our staff, or a company."""

    name: str

    async def submit(self, case: Case, documents: Sequence[Document]) -> Verdict | None:
        """Begin; a verdict when there is one at once, else None. Raises Unavailable."""
        ...

    async def poll(self, case: Case) -> Verdict | None:
        """Ask again about a pending case; None while it is pending. Raises Unavailable."""
        ...


class KycBook(Protocol):
    """Cases and documents, answered by accounts' own store."""

    async def case(self, tx: Tx, person: PersonId) -> Case | None:
        """Return a person's latest case."""
        ...

    async def save(self, tx: Tx, case: Case) -> None:
        """Save a case, new or changed; one a person."""
        ...

    async def queue(
        self, tx: Tx, status: KycStatus, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[Person, Case]]:
        """Return people of a status with their cases, the longest waiting first."""
        ...

    async def documents(self, tx: Tx, person: PersonId) -> list[Document]:
        """Return a person's documents, oldest first."""
        ...

    async def document(self, tx: Tx, person: PersonId, document: str) -> Document:
        """Return one; raises NotFound."""
        ...

    async def add(self, tx: Tx, document: Document, sealed: Sequence[str]) -> None:
        """Keep a document and its sealed pieces."""
        ...

    async def pieces(self, tx: Tx, document: str) -> list[str]:
        """Return its sealed pieces in order."""
        ...

    async def forget(self, tx: Tx, decided_before: TimeNs) -> int:
        """Delete the documents of cases decided before an instant; returns how many."""
        ...

    async def ended(self, tx: Tx, now: TimeNs, limit: int) -> list[PersonId]:
        """Return people whose approval has ended."""
        ...

    async def wallets(self, tx: Tx, person: PersonId) -> list[str]:
        """Return the addresses of the wallets a person signs in with."""
        ...
