import { beforeEach, describe, expect, it, vi } from "vitest";

import { base64url, fromBase58, fromBase64url, hex, utf8, utf8Text } from "./bytes";
import { checksummed, keccak256 } from "./keccak";
import { ethereumWallets, signEthereum, walletTrouble, watchEthereumWallets } from "./wallets/ethereum";
import { memoTransaction, signSolana, siwsText } from "./wallets/solana";
import { canSignIn, solanaWallets, watchSolanaWallets, type StandardWallet } from "./wallets/standard";

const FIELDS = {
  domain: "localhost:8000",
  uri: "http://localhost:8000",
  version: "1",
  chain_id: "mainnet",
  statement: "Sign in to Hydradesk.",
  nonce: "abcdefgh12345678",
  issued_at: "2026-01-01T00:00:00Z",
  expires_at: "2026-01-01T00:05:00Z",
};
const ADDRESS = "11111111111111111111111111111112";

describe("bytes", () => {
  it("reads base58 with its leading zeros and refuses other letters", () => {
    expect(hex(fromBase58("112"))).toBe("000001");
    expect(hex(fromBase58("2NEpo7TZRRrLZSi2U"))).toBe(hex(utf8("Hello World!")));
    expect(() => fromBase58("0OIl")).toThrow();
  });

  it("keeps every byte through base64url", () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(base64url(all)).not.toMatch(/[+/=]/);
    expect([...fromBase64url(base64url(all))]).toEqual([...all]);
  });
});

describe("Ethereum's letters", () => {
  it("hashes as Keccak of before FIPS 202", () => {
    expect(hex(keccak256(utf8("")))).toBe("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(hex(keccak256(utf8("abc")))).toBe("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    expect(hex(keccak256(utf8("a".repeat(136))))).toBe("a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
  });

  // The vectors of EIP-55 itself.
  it.each([
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
  ])("writes %s", (address) => {
    expect(checksummed(address.toLowerCase())).toBe(address);
  });
});

function wallet(features: Record<string, unknown>): StandardWallet {
  const account = { address: ADDRESS, publicKey: new Uint8Array(32), chains: ["solana:mainnet"], features: [] };
  const accounts: StandardWallet["accounts"] = [account];
  const connect = { connect: vi.fn(() => Promise.resolve({ accounts })) };
  return { version: "1.0.0", name: "Test", icon: "", chains: ["solana:mainnet"], accounts, features: { "standard:connect": connect, ...features } };
}

describe("Solana wallets", () => {
  beforeEach(() => {
    watchSolanaWallets(() => undefined);
  });

  it("are found when they come later, and forgotten when they leave", () => {
    const one = wallet({ "solana:signMessage": {} });
    let gone: () => void = () => undefined;
    const callback = (api: { register: (...wallets: StandardWallet[]) => () => void }) => {
      gone = api.register(one);
    };
    window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: callback }));
    expect(solanaWallets()).toContain(one);
    expect(canSignIn(one)).toBe(true);
    gone();
    expect(solanaWallets()).not.toContain(one);
  });

  it("that cannot sign are not offered", () => {
    expect(canSignIn(wallet({}))).toBe(false);
  });

  it("sign the text of SIWS where they cannot write it themselves", async () => {
    const signed: string[] = [];
    const signMessage = vi.fn(({ message }: { message: Uint8Array }) => {
      signed.push(utf8Text(message));
      return Promise.resolve([{ signedMessage: message, signature: new Uint8Array(64) }]);
    });
    const answer = await signSolana(wallet({ "solana:signMessage": { signMessage } }), FIELDS);
    expect(signed).toEqual([siwsText(FIELDS, ADDRESS)]);
    expect(answer.message.split("\n")).toEqual([
      "localhost:8000 wants you to sign in with your Solana account:",
      ADDRESS,
      "",
      "Sign in to Hydradesk.",
      "",
      "URI: http://localhost:8000",
      "Version: 1",
      "Chain ID: mainnet",
      "Nonce: abcdefgh12345678",
      "Issued At: 2026-01-01T00:00:00Z",
      "Expiration Time: 2026-01-01T00:05:00Z",
    ]);
  });

  it("are asked to sign in, where they can, with the desk's own fields", async () => {
    const signIn = vi.fn((input: Record<string, unknown>) =>
      Promise.resolve([{ signedMessage: utf8(`nonce ${String(input.nonce)}`), signature: new Uint8Array(64) }]),
    );
    const answer = await signSolana(wallet({ "solana:signIn": { signIn }, "solana:signMessage": {} }), FIELDS);
    expect(signIn).toHaveBeenCalledWith(expect.objectContaining({ domain: "localhost:8000", chainId: "mainnet", expirationTime: FIELDS.expires_at }));
    expect(answer.message).toBe("nonce abcdefgh12345678");
  });

  it("get a transaction whose only instruction is the memo", async () => {
    const message = "m".repeat(300);
    const bytes = await memoTransaction(ADDRESS, message);
    expect([...bytes.slice(0, 1)]).toEqual([1]);
    expect([...bytes.slice(65, 69)]).toEqual([1, 0, 1, 2]);
    expect(hex(bytes.slice(69, 101))).toBe(hex(fromBase58(ADDRESS)));
    const instruction = bytes.slice(69 + 96);
    expect([...instruction.slice(0, 6)]).toEqual([1, 1, 1, 0, 0xac, 0x02]);
    expect(utf8Text(instruction.slice(6))).toBe(message);
  });
});

describe("Ethereum wallets", () => {
  it("announce themselves once and sign the checksummed text as hex", async () => {
    const account = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
    const calls: { method: string; params?: unknown[] }[] = [];
    const provider = {
      request: (call: { method: string; params?: unknown[] }) => {
        calls.push(call);
        return Promise.resolve(call.method === "eth_requestAccounts" ? [account] : "0x00");
      },
    };
    const stop = watchEthereumWallets(() => undefined);
    const detail = { info: { uuid: "u-1", name: "Test", icon: "", rdns: "test.example" }, provider };
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info: null } }));
    const found = ethereumWallets().filter((one) => one.id === "u-1");
    expect(found).toHaveLength(1);
    const [first] = found;
    if (first === undefined) throw new Error("not found");
    const answer = await signEthereum(first, { ...FIELDS, chain_id: "1" });
    expect(answer.message).toContain("\n0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\n");
    expect(calls[1]).toEqual({ method: "personal_sign", params: [`0x${hex(utf8(answer.message))}`, account] });
    stop();
  });

  it("say no in words", () => {
    expect(walletTrouble({ code: 4001, message: "User rejected" })).toMatch(/declined/);
    expect(walletTrouble("x")).toBeNull();
  });
});
