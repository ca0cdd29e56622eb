"""Ethereum: its keys, and contracts asked through a node."""

from hydradesk.adapters.evm.contracts import NodeContracts
from hydradesk.adapters.evm.keys import Secp256k1

__all__ = ["NodeContracts", "Secp256k1"]
