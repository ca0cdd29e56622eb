"""A key-encryption key in AWS KMS: data keys are wrapped and unwrapped there.

Source: KMS API reference, Encrypt and Decrypt with an encryption context. Credentials are found
the way every AWS client finds them (environment, profile, instance role).
"""

import base64
import binascii
from typing import Any

from hydradesk.accounts.contracts import Secret
from hydradesk.kernel.errors import Unavailable

PREFIX = "aws-kms:"


class KmsKek:
    """One key of KMS.

    Args:
        key: its id, ARN or alias.
        region: where it is.
        endpoint: replaces AWS's address, for a proxy or a test server.
    """

    def __init__(self, key: str, region: str, endpoint: str | None = None) -> None:
        self._key, self._region, self._endpoint = key, region, endpoint

    def knows(self, wrapper: str) -> bool:
        """Whether KMS wrapped it, under whichever key: the ciphertext names it."""
        return wrapper.startswith(PREFIX)

    async def wrap(self, data_key: Secret, name: str) -> tuple[str, str]:
        """Let KMS encrypt it; `name` is the encryption context."""
        reply = await self._ask(
            "encrypt",
            KeyId=self._key,
            Plaintext=data_key.reveal(),
            EncryptionContext=_context(name),
        )
        return f"{PREFIX}{self._key}", base64.b64encode(reply["CiphertextBlob"]).decode()

    async def unwrap(self, wrapper: str, wrapped: str, name: str) -> Secret:
        """Let KMS decrypt it, with the key that `wrapper` names and no other."""
        try:
            blob = base64.b64decode(wrapped, validate=True)
        except binascii.Error as error:
            raise Unavailable("a wrapped data key was changed") from error
        reply = await self._ask(
            "decrypt",
            KeyId=wrapper.removeprefix(PREFIX),
            CiphertextBlob=blob,
            EncryptionContext=_context(name),
        )
        return Secret(reply["Plaintext"])

    async def _ask(self, operation: str, **arguments: Any) -> Any:  # noqa: ANN401  (botocore)
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session
        from botocore.exceptions import BotoCoreError, ClientError

        config = AioConfig(connect_timeout=5, read_timeout=5, retries={"max_attempts": 2})
        try:
            async with get_session().create_client(
                "kms", region_name=self._region, endpoint_url=self._endpoint, config=config
            ) as client:
                return await getattr(client, operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            said = type(error).__name__
            if isinstance(error, ClientError):
                said = str(error.response.get("Error", {}).get("Code", said))
            raise Unavailable(
                f"AWS KMS refused to {operation} a data key: {said}",
                fix="check HYDRADESK_KEK_SOURCE, HYDRADESK_AWS_REGION and the credentials",
            ) from error


def _context(name: str) -> dict[str, str]:
    return {"hydradesk:data-key": name}
