"""How people look from outside."""

from msgspec import Struct

from hydradesk.accounts.contracts import Person, Preferences
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs, rfc3339


class PreferencesView(Struct, frozen=True, kw_only=True):
    """What a person likes."""

    theme: str
    symbol: str
    timeframe: str
    sounds: bool


class PersonView(Struct, frozen=True, kw_only=True):
    """One person, as they and the desk's staff see them."""

    id: str
    name: str
    email: str | None
    email_verified: bool
    role: str
    status: str
    kyc: str
    kyc_level: int
    kyc_expires_at: str | None
    risk_level: str
    referral_code: str
    referred: bool
    preferences: PreferencesView
    created_at: str


def person_view(person: Person) -> PersonView:
    """Show a person."""
    likes = person.preferences
    ends = person.kyc_expires_at
    return PersonView(
        id=person.id,
        name=person.name,
        email=person.email,
        email_verified=person.email_verified,
        role=person.role,
        status=person.status,
        kyc=person.kyc,
        kyc_level=person.kyc_level,
        kyc_expires_at=None if ends is None else rfc3339(ends),
        risk_level=person.risk_level,
        referral_code=person.referral_code,
        referred=person.referrer is not None,
        preferences=PreferencesView(
            theme=likes.theme,
            symbol=likes.symbol,
            timeframe=likes.timeframe,
            sounds=likes.sounds,
        ),
        created_at=rfc3339(person.created_at),
    )


ALICE = Person(
    id=PersonId("p-0197b3c2"),
    name="Alice",
    email="alice@desk.example",
    referral_code="MZXW6YTB",
    preferences=Preferences(),
    created_at=TimeNs(1_750_766_400_000_000_000),
)
"""For the API's description."""
