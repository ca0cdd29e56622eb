"""The proof of work that public forms ask for."""

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.domain.challenge import MAX_NUMBER, Answer
from hydradesk.accounts.ports.captcha import Captcha
from hydradesk.infra.http import Caller, Routes
from hydradesk.kernel.time import rfc3339

SALT = r"^[0-9a-f]{32}\.[0-9]{1,2}\.[0-9]{1,12}$"


class ChallengeView(Struct, frozen=True, kw_only=True):
    """Find a number so that SHA-256 of `salt:number` begins with `difficulty` zero bits."""

    algorithm: str
    salt: str
    difficulty: int
    expires_at: str
    signature: str


class CaptchaAnswer(BaseModel):
    """A challenge's salt and signature as they came, and the number found."""

    model_config = ConfigDict(extra="forbid")
    salt: str = Field(max_length=64, pattern=SALT)
    number: int = Field(ge=0, le=MAX_NUMBER)
    signature: str = Field(max_length=64, pattern=r"^[0-9a-f]{64}$")

    def answer(self) -> Answer:
        """Return it as the port takes it."""
        return Answer(salt=self.salt, number=self.number, signature=self.signature)


CHALLENGE = ChallengeView(
    algorithm="sha-256",
    salt="6f1d9c0b54ae4c3f9d7b8a2e1c0f5d6a.14.1763723200",
    difficulty=14,
    expires_at="2025-11-21T11:06:40Z",
    signature="0f" * 32,
)


def challenge_routes(captcha: Captcha) -> Routes:
    """Build GET /auth/challenge."""
    api = Routes("/auth", "auth")

    @api.add("GET", "/challenge", ChallengeView, scope="auth:public", example=CHALLENGE)
    async def read_challenge(me: Caller) -> ChallengeView:
        """Something to solve before a public form is sent; good once, for five minutes."""
        one = await captcha.challenge()
        return ChallengeView(
            algorithm="sha-256",
            salt=one.salt,
            difficulty=one.difficulty,
            expires_at=rfc3339(one.expires_at),
            signature=one.signature,
        )

    return api
