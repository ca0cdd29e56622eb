"""Passkeys: to sign in with, and as the second proof."""

import base64

from msgspec import Struct

from hydradesk.accounts.contracts.credentials import Credential
from hydradesk.accounts.contracts.refusals import NonceInvalid, SignatureInvalid
from hydradesk.accounts.ports.credentials import Passkeys
from hydradesk.accounts.service.sign_in import FactorNeeded, Key, SignedIn, SignInService
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import MINUTE
from hydradesk.kernel.tx import Tx

CHALLENGE_NS = 5 * MINUTE
MOST = 20
"""Passkeys of one person."""


class Ceremony(Struct, frozen=True, kw_only=True):
    """What the browser is asked."""

    id: str
    """To be sent back with the answer."""
    options: str
    """JSON, as navigator.credentials takes it."""


class PasskeyService:
    """WebAuthn ceremonies with challenges that are used once."""

    def __init__(self, base: SignInService, passkeys: Passkeys) -> None:
        self._base, self._passkeys = base, passkeys

    async def ask(self) -> Ceremony:
        """Ask for any passkey of this site."""
        name = self._base.around.random(16).hex()
        return Ceremony(id=name, options=await self._request(f"in:{name}", []))

    async def sign_in(self, name: str, credential: str) -> SignedIn | FactorNeeded:
        """Sign in whose passkey was shown; that is both proofs at once."""
        async with self._base.watched("auth.signed_in") as watch:
            watch.after |= {"method": "passkey"}
            challenge = await self._challenge(f"in:{name}")
            subject, handle = self._passkeys.named(credential)
            async with self._base.db.begin() as tx:
                known = await self._base.books.credentials.find(tx, "passkey", subject)
                if known is not None:
                    watch.know(known.person)
                if known is None or handle not in (None, known.person):
                    raise SignatureInvalid("this desk does not know the passkey")
                await self._use(tx, known, credential, challenge)
                person = await self._base.books.people.get(tx, known.person)
                return await self._base.enter(tx, person, "passkey", strong=True)

    async def ask_of(self, person: PersonId, place: str) -> Ceremony:
        """Ask for a passkey of this person's, as the proof at `place`; raises Conflict."""
        async with self._base.db.begin() as tx:
            known = [one.subject for one in await self._own(tx, person)]
        if not known:
            raise Conflict("you have no passkey", fix="use another proof")
        return Ceremony(id=place, options=await self._request(place, known))

    async def prove(self, tx: Tx, person: PersonId, place: str, credential: str) -> None:
        """Accept a passkey of this person's; raises SignatureInvalid or NonceInvalid."""
        challenge = await self._challenge(place)
        subject, _ = self._passkeys.named(credential)
        known = await self._base.books.credentials.find(tx, "passkey", subject)
        if known is None or known.person != person:
            raise SignatureInvalid("this passkey is not yours")
        await self._use(tx, known, credential, challenge)

    async def begin(self, person: PersonId) -> Ceremony:
        """Ask the browser to make a new passkey."""
        async with self._base.db.begin() as tx:
            found = await self._base.books.people.get(tx, person)
            known = [one.subject for one in await self._own(tx, person)]
        if len(known) >= MOST:
            raise Conflict(f"you have {MOST} passkeys already", fix="remove one first")
        name = self._base.around.random(16).hex()
        challenge = await self._new_challenge(f"new:{person}:{name}")
        options = self._passkeys.creation(person, found.email or found.name, known, challenge)
        return Ceremony(id=name, options=options)

    async def add(self, person: PersonId, name: str, credential: str, label: str) -> Credential:
        """Keep the passkey that the browser made."""
        async with self._base.watched("auth.credential_added") as watch:
            watch.know(person)
            watch.after |= {"kind": "passkey"}
            challenge = await self._challenge(f"new:{person}:{name}")
            subject, public, counter = self._passkeys.created(credential, challenge)
            key = Key(kind="passkey", subject=subject, label=label, secret=public, counter=counter)
            async with self._base.db.begin() as tx:
                return await self._base.attach(tx, person, key)

    async def _use(self, tx: Tx, known: Credential, credential: str, challenge: bytes) -> None:
        counter = self._passkeys.shown(credential, challenge, known.secret, known.counter)
        await self._base.used(tx, known, counter=counter)

    async def _own(self, tx: Tx, person: PersonId) -> list[Credential]:
        found = await self._base.books.credentials.of_person(tx, person)
        return [one for one in found if one.kind == "passkey"]

    async def _request(self, place: str, known: list[str]) -> str:
        return self._passkeys.request(known, await self._new_challenge(place))

    async def _new_challenge(self, place: str) -> bytes:
        challenge = self._base.around.random(32)
        text = base64.b64encode(challenge).decode()
        await self._base.around.once.put(f"passkey:{place}", text, CHALLENGE_NS)
        return challenge

    async def _challenge(self, place: str) -> bytes:
        kept = await self._base.around.once.take(f"passkey:{place}")
        if kept is None:
            raise NonceInvalid("the challenge is unknown, used or too old", fix="begin again")
        return base64.b64decode(kept)
