"""How KYC moves: pure functions from a person and an event to the person after it."""

import re
import unicodedata
from collections.abc import Collection

from msgspec.structs import replace

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.contracts.kyc import Case, DocumentKind, DocumentType, Verdict
from hydradesk.kernel.errors import Conflict, Invalid
from hydradesk.kernel.time import TimeNs

LEVELS = (1, 2)
MAX_BYTES = 5 * 1024 * 1024
MOST_DOCUMENTS = 10
MAX_NAME = 100
ENDINGS: dict[DocumentType, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/pdf": ".pdf",
}
BEGINNINGS: dict[DocumentType, bytes] = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "application/pdf": b"%PDF-",
}
_UNFIT = re.compile(r"[^\w .()-]+")


def submitted(person: Person, level: int, shown: Collection[DocumentKind]) -> Person:
    """Return the person once they have asked for a level; what they have stays meanwhile."""
    if level not in LEVELS:
        raise Invalid(f"there is no level {level}", field="level", fix="send 1 or 2")
    if person.kyc == "pending":
        raise Conflict("a case is pending already", fix="wait for the decision")
    if person.kyc == "approved" and level <= person.kyc_level:
        raise Conflict(f"level {person.kyc_level} is approved already")
    if not {"passport", "id_card"} & set(shown):
        raise _missing("a passport or an identity card", "passport or id_card")
    if level == 2 and "proof_of_address" not in shown:
        raise _missing("a proof of address", "proof_of_address")
    return replace(person, kyc="pending", version=person.version + 1)


def decided(person: Person, case: Case, verdict: Verdict, now: TimeNs, valid_ns: int) -> Person:
    """Return the person after a decision; refusing a higher level leaves the one there was.

    Args:
        person: as they are.
        case: what they asked for.
        verdict: what was decided.
        now: the wall clock.
        valid_ns: how long an approval lasts when the verdict does not say.
    """
    if person.kyc != "pending":
        raise Conflict(f"there is no case to decide: the status is {person.kyc}")
    version = person.version + 1
    if not verdict.approved:
        kept = person.kyc_level > 0 and not _ended(person, now)
        status, level = ("approved", person.kyc_level) if kept else ("rejected", 0)
        ends = person.kyc_expires_at if kept else None
        return replace(person, kyc=status, kyc_level=level, kyc_expires_at=ends, version=version)
    if not 1 <= verdict.level <= case.wanted:
        raise Invalid(
            f"level {case.wanted} was asked for", field="level", fix=f"1 to {case.wanted}"
        )
    ends = TimeNs(now + valid_ns) if verdict.expires_at is None else verdict.expires_at
    if ends <= now:
        raise Invalid("an approval ends later than now", field="expires_at", fix="a later time")
    return replace(
        person, kyc="approved", kyc_level=verdict.level, kyc_expires_at=ends, version=version
    )


def lapsed(person: Person, now: TimeNs) -> Person | None:
    """Return the person whose approval has ended, or None while it stands.

    Who waits for a higher level meanwhile goes on waiting, with none of the old one.
    """
    if person.kyc not in ("approved", "pending") or not _ended(person, now):
        return None
    status = "expired" if person.kyc == "approved" else "pending"
    return replace(person, kyc=status, kyc_level=0, kyc_expires_at=None, version=person.version + 1)


def checked(body: bytes, declared: str) -> DocumentType:
    """Return a document's type when its first bytes are what it is said to be."""
    known = next((one for one in ENDINGS if one == declared.partition(";")[0].strip()), None)
    if known is None:
        raise Invalid(
            "this kind of file is not taken",
            field="Content-Type",
            fix=f"one of {', '.join(ENDINGS)}",
        )
    if len(body) > MAX_BYTES:
        raise Invalid(
            f"a document has at most {MAX_BYTES} bytes", field="body", fix="a smaller one"
        )
    if not body.startswith(BEGINNINGS[known]):
        raise Invalid(f"the file does not begin as {known} does", field="body", fix="another file")
    return known


def file_name(name: str, kind: DocumentType) -> str:
    """Return a name that is only a name: no folder, nothing unseen, the ending of its type."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem = _UNFIT.sub("_", last.rsplit(".", 1)[0]).strip(" ._") or "document"
    return stem[: MAX_NAME - 4] + ENDINGS[kind]


def _ended(person: Person, now: TimeNs) -> bool:
    return person.kyc_expires_at is not None and person.kyc_expires_at <= now


def _missing(what: str, fix: str) -> Invalid:
    return Invalid(f"{what} is needed first", field="documents", fix=f"upload a {fix}")
