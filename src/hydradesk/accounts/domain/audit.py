"""The arithmetic of the audit trail: what is hashed, and what is wrong with a row. Pure.

`hash = sha256(prev || body)`, `prev` being the hash of the row before (32 zero bytes before the
first). The body is the row's own text, kept as it was hashed; personal data stands beside it and
only `sha256(salt || personal)` is in the body, so it can be erased and the chain still proves.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from hydradesk.accounts.contracts import Action
from hydradesk.accounts.contracts.trail import Anchor, Broken, Entry, Head, Kept
from hydradesk.kernel.time import TimeNs

GENESIS = bytes(32)
"""What stands before the first row of every chain."""


def linked(prev: bytes, body: str) -> bytes:
    """Return the hash of what follows `prev`."""
    return sha256(prev + body.encode()).digest()


def personal_text(details: Mapping[str, str | int | bool | None]) -> str:
    """Return personal data as the text that is kept, and digested."""
    return msgspec.json.encode(details, order="deterministic").decode()


def personal_digest(salt: bytes, text: str) -> str:
    """Return what the body holds of personal data."""
    return sha256(salt + text.encode()).hexdigest()


def entry(action: Action, who: tuple[str, str, str], at: TimeNs, desk: TimeNs) -> Entry:
    """Return an action's body, without the digest; `who` is actor, via and request id."""
    actor, via, request = who
    return Entry(
        chain=action.chain,
        at=at,
        desk=desk,
        actor=actor,
        via=via,
        request=request,
        action=action.action,
        target=action.target,
        before=action.before,
        after=action.after,
        ok=action.ok,
        personal="",
    )


def wrong_row(row: Kept, after: Kept | None) -> Broken | None:
    """Say what is wrong with a row that follows `after`, or the chain's beginning."""
    seq, head = (after.seq, after.hash) if after else (0, GENESIS)
    if row.seq != seq + 1:
        gone = f"rows {seq + 1} to {row.seq - 1} are not there"
        return Broken(chain=row.chain, seq=seq + 1, what="missing", detail=gone)
    if linked(row.prev, row.body) != row.hash:
        return _changed(row, "the body does not give the row's hash")
    if row.prev != head:
        detail = "whole in itself, but it does not follow the row before it"
        return Broken(chain=row.chain, seq=row.seq, what="reordered", detail=detail)
    return _wrong_copy(row) or _wrong_personal(row)


def wrong_head(last: Kept | None, head: Head) -> Broken | None:
    """Compare where a chain ends with where its head says it does."""
    seq, ends = (last.seq, last.hash) if last else (0, GENESIS)
    if head.seq > seq:
        gone = f"the head stands at row {head.seq}: the rows from {seq + 1} are not there"
        return Broken(chain=head.chain, seq=seq + 1, what="cut", detail=gone)
    if head.seq != seq or head.hash != ends.hex():
        return Broken(
            chain=head.chain, seq=seq, what="changed", detail="the head is not the last row's hash"
        )
    return None


def wrong_anchor(anchor: Anchor, after: Anchor | None) -> Broken | None:
    """Say what is wrong with an anchor in the desk's own chain of anchors."""
    n, head = (after.n, after.hash) if after else (0, GENESIS)
    detail = ""
    if anchor.n != n + 1:
        return _anchor(n + 1, f"anchors {n + 1} to {anchor.n - 1} are not there")
    if linked(anchor.prev, anchor.body) != anchor.hash:
        detail = "its body does not give its hash"
    elif anchor.prev != head:
        detail = "it does not follow the anchor before it"
    elif _heads(anchor) is None:
        detail = "its body is not a list of heads"
    return _anchor(anchor.n, detail) if detail else None


def wrong_anchored(anchor: Anchor, there: Mapping[tuple[str, int], bytes]) -> Broken | None:
    """Compare the heads an anchor saw with the rows of today."""
    for head in _heads(anchor) or ():
        found = there.get((head.chain, head.seq))
        if found is None:
            gone = f"anchor {anchor.n} saw it, and it is not there"
            return Broken(chain=head.chain, seq=head.seq, what="cut", detail=gone)
        if found.hex() != head.hash:
            other = f"anchor {anchor.n} saw another hash"
            return Broken(chain=head.chain, seq=head.seq, what="changed", detail=other)
    return None


def anchor_body(at: TimeNs, heads: Sequence[Head]) -> str:
    """Write an anchor's body."""
    return msgspec.json.encode((at, heads)).decode()


def anchored(anchor: Anchor) -> list[tuple[str, int]]:
    """Return the rows an anchor speaks of."""
    return [(head.chain, head.seq) for head in _heads(anchor) or ()]


def _heads(anchor: Anchor) -> list[Head] | None:
    try:
        return msgspec.json.decode(anchor.body, type=tuple[int, list[Head]])[1]
    except msgspec.MsgspecError:
        return None


def _wrong_copy(row: Kept) -> Broken | None:
    """Whether the columns one searches by say what the body says."""
    try:
        body = msgspec.json.decode(row.body, type=Entry)
    except msgspec.MsgspecError:
        return _changed(row, "the body is not an entry")
    said = (body.chain, body.at, body.actor, body.action, body.request, body.ok)
    shown = (row.chain, row.at, row.actor, row.action, row.request, row.ok)
    names = ("chain", "at", "actor", "action", "request", "ok")
    for name, one, two in zip(names, said, shown, strict=True):
        if one != two:
            return _changed(row, f"the column `{name}` says something else than the body")
    return None


def _wrong_personal(row: Kept) -> Broken | None:
    if row.personal is None and row.salt is None:
        return None  # there was none, or it was erased
    digest = msgspec.json.decode(row.body, type=Entry).personal
    whole = row.personal is not None and row.salt is not None
    if whole and personal_digest(row.salt or b"", row.personal or "") == digest:
        return None
    detail = "the personal data does not give the digest in the body"
    return Broken(chain=row.chain, seq=row.seq, what="personal", detail=detail)


def _changed(row: Kept, detail: str) -> Broken:
    return Broken(chain=row.chain, seq=row.seq, what="changed", detail=detail)


def _anchor(n: int, detail: str) -> Broken:
    return Broken(chain="anchors", seq=n, what="anchor", detail=detail)
