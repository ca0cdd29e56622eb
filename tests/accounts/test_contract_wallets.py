"""Contract wallets (EIP-1271) against a real node with a real contract."""

from collections.abc import AsyncIterator, Iterator

import pytest

from hydradesk.accounts.contracts.refusals import SignatureInvalid
from hydradesk.accounts.domain import siwe
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.adapters.evm import NodeContracts
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from tests.accounts.anvil import Node, assembled, running, wallet_code
from tests.accounts.room import Room, Wallet


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as one:
        yield one


@pytest.fixture
async def room(db: Database, node: Node) -> AsyncIterator[Room]:
    one = Room(db, {"31337": node.url})
    yield one
    one.hasher.close()


class ContractWallet(Wallet):
    """A wallet whose address is a contract's and whose key is its owner's."""

    def __init__(self, address: str, seed: int = 1) -> None:
        super().__init__("siwe", seed)
        self._at = siwe.checksummed(address)

    @property
    def address(self) -> str:
        return self._at


async def entered(room: Room, wallet: Wallet, chain: str = "31337") -> SignedIn:
    text = wallet.message(await room.wallets.offer("siwe"), chain_id=chain)
    outcome = await room.wallets.sign_in("siwe", text, wallet.sign(text), None)
    assert isinstance(outcome, SignedIn)
    return outcome


async def test_a_contract_wallet_signs_in_by_its_owners_key(room: Room, node: Node) -> None:
    owner = Wallet("siwe")
    wallet = ContractWallet(node.deploy(wallet_code(owner.address)))
    first, again = await entered(room, wallet), await entered(room, wallet)
    assert first.person.id == again.person.id
    assert (await entered(room, owner)).person.id != first.person.id
    (credential,) = await room.links.of_person(first.person.id)
    assert credential.subject == f"{wallet.address}@31337"


async def test_anothers_key_is_not_the_contracts(room: Room, node: Node) -> None:
    wallet = ContractWallet(node.deploy(wallet_code(Wallet("siwe").address)), seed=2)
    with pytest.raises(SignatureInvalid):
        await entered(room, wallet)
    text = wallet.message(await room.wallets.offer("siwe"), chain_id="31337")
    for signature in ("0x", "0x" + "11" * 64, "0x" + "11" * 130):
        fresh = wallet.message(await room.wallets.offer("siwe"), chain_id="31337")
        with pytest.raises(SignatureInvalid):
            await room.wallets.sign_in("siwe", fresh, signature, None)
    assert text


@pytest.mark.parametrize(
    "source",
    [
        "PUSH 0x20\nPUSH 0x00\nRETURN",  # a word of zeros
        "PUSH 0x01\nPUSH 0x00\nMSTORE\nPUSH 0x20\nPUSH 0x00\nRETURN",  # true
        "PUSH 0x1626ba7e\nPUSH 0x00\nMSTORE\nPUSH 0x20\nPUSH 0x00\nRETURN",  # wrong end
        "PUSH 0x00\nPUSH 0x00\nRETURN",  # nothing
        "PUSH 0x00\nPUSH 0x00\nREVERT",
        "again:\nPUSH 0x01\nPUSH @again\nJUMPI",  # for ever
    ],
)
async def test_a_contract_that_says_anything_else_says_no(
    room: Room, node: Node, source: str
) -> None:
    with pytest.raises(SignatureInvalid):
        await entered(room, ContractWallet(node.deploy(assembled(source))))


async def test_an_address_without_a_contract_says_no(room: Room) -> None:
    with pytest.raises(SignatureInvalid):
        await entered(room, ContractWallet("0x" + "12" * 20))


async def test_a_chain_without_a_node_has_no_contract_wallets(room: Room, node: Node) -> None:
    wallet = ContractWallet(node.deploy(wallet_code(Wallet("siwe").address)))
    with pytest.raises(SignatureInvalid):
        await entered(room, wallet, chain="1")


async def test_a_node_that_is_away_is_said_to_be() -> None:
    contracts = NodeContracts({"1": "http://127.0.0.1:9"})
    with pytest.raises(Unavailable):
        await contracts.accepts("1", "0x" + "12" * 20, bytes(32), bytes(65))
