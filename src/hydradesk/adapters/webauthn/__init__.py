"""WebAuthn, by py_webauthn."""

from hydradesk.adapters.webauthn.ceremonies import WebAuthn

__all__ = ["WebAuthn"]
