"""Routes of KYC: one's own case, and staff's queue."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Query, Request, Response
from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.account import Cursor, Limit, person_of
from hydradesk.accounts.api.administration import Id, Reason
from hydradesk.accounts.api.sign_in import PRINTABLE, Body
from hydradesk.accounts.contracts import KycStatus, Person
from hydradesk.accounts.contracts.kyc import Case, Document, DocumentKind, Verdict
from hydradesk.accounts.domain.kyc import ENDINGS
from hydradesk.accounts.service.kyc import KycService, Standing
from hydradesk.infra.http import Caller, Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import parse_time, rfc3339

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {one: {"schema": {"type": "string", "format": "binary"}} for one in ENDINGS},
    }
}
BYTES: dict[int | str, Any] = {
    200: {
        "description": "The file, as an attachment",
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "the bytes as they were uploaded",
            }
        },
    }
}
SERVED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
FileName = Annotated[str, Query(min_length=1, max_length=255, pattern=PRINTABLE)]


class DocumentView(Struct, frozen=True, kw_only=True):
    """A document, without its bytes."""

    id: str
    kind: str
    name: str
    type: str
    size: int
    uploaded_at: str


class KycView(Struct, frozen=True, kw_only=True):
    """How far one is."""

    status: str
    level: int
    expires_at: str | None
    documents: list[DocumentView]
    reason: str | None
    """What was said at the last decision."""


class KycCaseView(Struct, frozen=True, kw_only=True):
    """A case as staff sees it."""

    person: str
    name: str
    status: str
    level: int
    wanted: int
    submitted_at: str
    provider: str
    hit: str | None
    """The entry of the sanctions list that matched."""
    decided_at: str | None
    decided_by: str | None
    approved: bool | None
    reason: str | None
    documents: list[DocumentView]


class KycSubmission(Body):
    """Which level is asked for."""

    level: Literal[1, 2]


class KycDecision(Body):
    """What staff decides; `reason` is told to the person."""

    approved: bool
    level: int = Field(ge=0, le=2)
    expires_at: Annotated[str, Field(max_length=40)] | None = None
    reason: Reason


DOCUMENT = DocumentView(
    id="d-01m7yyy24y",
    kind="passport",
    name="passport.png",
    type="image/png",
    size=48_213,
    uploaded_at="2025-06-24T12:00:00Z",
)
KYC = KycView(status="pending", level=0, expires_at=None, documents=[DOCUMENT], reason=None)
CASE = KycCaseView(
    person="p-0197b3c2",
    name="Alice",
    status="pending",
    level=0,
    wanted=1,
    submitted_at="2025-06-24T12:00:00Z",
    provider="manual",
    hit=None,
    decided_at=None,
    decided_by=None,
    approved=None,
    reason=None,
    documents=[DOCUMENT],
)


def document_view(document: Document) -> DocumentView:
    """Show a document."""
    return DocumentView(
        id=document.id,
        kind=document.kind,
        name=document.name,
        type=document.type,
        size=document.size,
        uploaded_at=rfc3339(document.uploaded_at),
    )


def kyc_view(standing: Standing) -> KycView:
    """Show how far one is."""
    person, case = standing.person, standing.case
    ends = person.kyc_expires_at
    return KycView(
        status=person.kyc,
        level=person.kyc_level,
        expires_at=None if ends is None else rfc3339(ends),
        documents=[document_view(one) for one in standing.documents],
        reason=case.reason if case else None,
    )


def case_view(person: Person, case: Case | None, documents: list[Document]) -> KycCaseView:
    """Show a case to staff; without one, who has not asked yet."""
    decided = case.decided_at if case else None
    return KycCaseView(
        person=person.id,
        name=person.name,
        status=person.kyc,
        level=person.kyc_level,
        wanted=case.wanted if case else 0,
        submitted_at=rfc3339(case.submitted_at if case else person.created_at),
        provider=case.provider if case else "",
        hit=case.hit if case else None,
        decided_at=None if decided is None else rfc3339(decided),
        decided_by=case.decided_by if case else None,
        approved=case.approved if case else None,
        reason=case.reason if case else None,
        documents=[document_view(one) for one in documents],
    )


def own_kyc_routes(kyc: KycService) -> Routes:
    """Build the routes of one's own case."""
    api = Routes("/account/kyc", "account")

    @api.add("GET", "", KycView, example=KYC, scope="account:read")
    async def read_kyc(me: Caller) -> KycView:
        """How far you are."""
        return kyc_view(await kyc.standing(person_of(me)))

    @api.add(
        "POST",
        "/documents",
        DocumentView,
        status=201,
        example=DOCUMENT,
        scope="account:write",
        said=FILE,
    )
    async def upload_kyc_document(
        me: Caller, request: Request, kind: DocumentKind, name: FileName
    ) -> DocumentView:
        """Show a document: the body is the file, PNG, JPEG or PDF, up to 5 MB."""
        declared = request.headers.get("content-type", "")
        body = await request.body()
        return document_view(await kyc.upload(person_of(me), kind, name, declared, body))

    @api.add("POST", "", KycView, example=KYC, scope="account:write")
    async def submit_kyc(me: Caller, request: KycSubmission) -> KycView:
        """Ask for a level with the documents you have shown."""
        return kyc_view(await kyc.submit(person_of(me), request.level))

    return api


def staff_kyc_routes(kyc: KycService) -> Routes:
    """Build the routes of staff's queue."""
    api = Routes("/admin/kyc", "admin")

    @api.add("GET", "", Page[KycCaseView], example=Page([CASE]), scope="support:read")
    async def list_kyc_cases(
        status: KycStatus = "pending", limit: Limit = 50, cursor: Cursor = None
    ) -> Page[KycCaseView]:
        """Cases of a status, the longest waiting first, without their documents."""
        after = decode_cursor(cursor, (int, str))
        place = (after[0], after[1]) if after else None
        rows = await kyc.queue(status, place, limit)
        last = rows[-1][1] if len(rows) == limit else None
        following = encode_cursor(last.submitted_at, last.person) if last else None
        return Page([case_view(person, case, []) for person, case in rows], following)

    @api.add("GET", "/{person}", KycCaseView, example=CASE, scope="support:read")
    async def read_kyc_case(person: Id) -> KycCaseView:
        """One person's case."""
        found = await kyc.standing(PersonId(person))
        return case_view(found.person, found.case, found.documents)

    @api.raw("GET", "/{person}/documents/{document}", scope="support:read", responses=BYTES)
    async def read_kyc_document(
        person: Id,
        document: Id,
    ) -> Response:
        """A document's bytes, as an attachment; that you read it is recorded."""
        found, body = await kyc.content(PersonId(person), document)
        plain = found.name.encode("ascii", "replace").decode().replace("?", "_")
        shown = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"
        return Response(
            body, headers=SERVED | {"Content-Disposition": shown}, media_type=found.type
        )

    @api.add(
        "POST",
        "/{person}/decision",
        KycCaseView,
        example=CASE,
        scope="kyc:write",
        step_up=True,
    )
    async def decide_kyc(person: Id, request: KycDecision) -> KycCaseView:
        """Approve or refuse a pending case; never your own."""
        ends = request.expires_at
        verdict = Verdict(
            approved=request.approved,
            level=request.level,
            reason=request.reason,
            expires_at=None if ends is None else parse_time(ends, "expires_at"),
        )
        found = await kyc.decide(PersonId(person), verdict)
        return case_view(found.person, found.case, found.documents)

    return api
