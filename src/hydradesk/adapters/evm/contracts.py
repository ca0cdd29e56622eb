"""EIP-1271: does a contract take a signature for its own? Asked by eth_call, which costs nothing.

Plain JSON-RPC: one call with two arguments needs no web3, whose import takes a second.
"""

from collections.abc import Mapping

import httpx2
import structlog

from hydradesk.kernel.errors import Unavailable

MAGIC = bytes.fromhex("1626ba7e")
"""The selector of isValidSignature(bytes32,bytes), and its yes."""
WORD = 32
TIMEOUT_S = 5
MAX_ANSWER = 4096

log = structlog.get_logger("evm")


class NodeContracts:
    """Answers accounts' ContractWallets; `nodes` are JSON-RPC addresses by EIP-155 chain id."""

    def __init__(self, nodes: Mapping[str, str]) -> None:
        self._nodes = dict(nodes)

    def knows(self, chain: str) -> bool:
        """Whether there is a node to ask."""
        return chain in self._nodes

    async def accepts(self, chain: str, address: str, digest: bytes, signature: bytes) -> bool:
        """Whether the contract takes the signature for its own; raises Unavailable."""
        call = {"to": address, "data": "0x" + encoded(digest, signature).hex(), "gas": "0x4c4b40"}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
                reply = await client.post(self._nodes[chain], json=asked)
                reply.raise_for_status()
                said = reply.json()
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("evm.node", chain=chain, error=type(error).__name__)
            raise Unavailable(
                f"the node of chain {chain} does not answer", fix="try again in a minute"
            ) from error
        return _is_yes(said)


def encoded(digest: bytes, signature: bytes) -> bytes:
    """Encode the call by the contract ABI: hash, where the bytes begin, their length, the bytes."""
    padded = signature + bytes(-len(signature) % WORD)
    numbers = (2 * WORD, len(signature))
    start, length = (one.to_bytes(WORD, "big") for one in numbers)
    return MAGIC + digest + start + length + padded


def _is_yes(said: object) -> bool:
    """Read the answer: a revert, nothing (there is no contract) or any other word is a no."""
    result = said.get("result") if isinstance(said, dict) else None
    if not isinstance(result, str) or not result.startswith("0x") or len(result) > MAX_ANSWER:
        return False
    try:
        word = bytes.fromhex(result[2:])
    except ValueError:
        return False
    return word == MAGIC + bytes(WORD - len(MAGIC))
