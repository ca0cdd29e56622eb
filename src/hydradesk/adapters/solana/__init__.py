"""Solana: its keys, and transactions that are signed and never sent."""

from hydradesk.adapters.solana.keys import Ed25519

__all__ = ["Ed25519"]
