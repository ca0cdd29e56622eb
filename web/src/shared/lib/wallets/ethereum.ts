import { hex, utf8 } from "../bytes";
import { checksummed } from "../keccak";
import { isRecord } from "../storage";
import type { SignedMessage, SignInFields } from "./solana";

/** Ethereum wallets by EIP-6963: each answers the page's question with itself and a provider. */
export interface Provider {
  request: (call: { method: string; params?: unknown[] }) => Promise<unknown>;
}

export interface EthereumWallet {
  id: string;
  rdns: string;
  name: string;
  icon: string;
  provider: Provider;
}

let known: readonly EthereumWallet[] = [];
let listening = false;
const listeners = new Set<() => void>();

function announced(detail: unknown): EthereumWallet | null {
  if (!isRecord(detail) || !isRecord(detail.info) || !isRecord(detail.provider)) return null;
  const { uuid, name, icon, rdns } = detail.info;
  if (typeof uuid !== "string" || typeof name !== "string") return null;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { id: uuid, rdns: text(rdns), name, icon: text(icon), provider: detail.provider as unknown as Provider };
}

function hear(event: Event): void {
  const wallet = announced((event as CustomEvent<unknown>).detail);
  if (wallet === null || known.some((other) => other.id === wallet.id)) return;
  known = [...known, wallet];
  listeners.forEach((listener) => {
    listener();
  });
}

export function watchEthereumWallets(listener: () => void): () => void {
  listeners.add(listener);
  if (!listening) {
    listening = true;
    window.addEventListener("eip6963:announceProvider", hear);
    window.dispatchEvent(new Event("eip6963:requestProvider"));
  }
  return () => {
    listeners.delete(listener);
  };
}

export function ethereumWallets(): readonly EthereumWallet[] {
  return known;
}

/** The text of a sign-in, as EIP-4361 writes it. */
export function siweText(fields: SignInFields, address: string): string {
  return [
    `${fields.domain} wants you to sign in with your Ethereum account:`,
    address,
    "",
    fields.statement,
    "",
    `URI: ${fields.uri}`,
    `Version: ${fields.version}`,
    `Chain ID: ${fields.chain_id}`,
    `Nonce: ${fields.nonce}`,
    `Issued At: ${fields.issued_at}`,
    `Expiration Time: ${fields.expires_at}`,
  ].join("\n");
}

export async function signEthereum(wallet: EthereumWallet, fields: SignInFields): Promise<SignedMessage> {
  const accounts = await wallet.provider.request({ method: "eth_requestAccounts" });
  const account: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof account !== "string") throw new Error(`${wallet.name} shared no account.`);
  const message = siweText(fields, checksummed(account));
  const params = [`0x${hex(utf8(message))}`, account];
  const signature = await wallet.provider.request({ method: "personal_sign", params });
  if (typeof signature !== "string") throw new Error(`${wallet.name} signed nothing.`);
  return { message, signature };
}

/** A wallet's refusal in a person's words; null for what is no wallet's. */
export function walletTrouble(error: unknown): string | null {
  if (isRecord(error) && error.code === 4001) return "The wallet was asked and declined.";
  if (isRecord(error) && typeof error.message === "string") return error.message;
  return null;
}
