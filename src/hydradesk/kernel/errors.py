"""Errors the house raises on purpose. doors.gateway maps each family to one HTTP status."""


class DeskError(Exception):
    """Base of every deliberate error; `code` is stable and safe to show to users.

    Args:
        detail: one sentence for people.
        field: the input that was wrong, dotted, when one input was.
        fix: what to send instead.
    """

    code = "error"

    def __init__(self, detail: str, *, field: str | None = None, fix: str | None = None) -> None:
        super().__init__(detail)
        self.field, self.fix = field, fix


class Invalid(DeskError):
    """The caller sent something that can never be right (HTTP 422, exit code 2)."""

    code = "invalid"


class Unauthenticated(DeskError):
    """We do not know who is calling (HTTP 401)."""

    code = "unauthenticated"


class Forbidden(DeskError):
    """We know who is calling, and they may not (HTTP 403)."""

    code = "forbidden"


class NotFound(DeskError):
    """The thing named does not exist, or not for this caller (HTTP 404)."""

    code = "not_found"


class Conflict(DeskError):
    """Right in itself, wrong in the present state (HTTP 409)."""

    code = "conflict"


class Limited(DeskError):
    """Right, but too often (HTTP 429); `retry_after_s` says when it may be tried again."""

    code = "limited"
    retry_after_s = 1


class Unavailable(DeskError):
    """A part the desk needs is not there at the moment (HTTP 503, exit code 1)."""

    code = "unavailable"
