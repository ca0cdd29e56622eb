import { base64, concat, fromBase58, utf8, utf8Text, type Bytes } from "../bytes";
import type { StandardWallet, WalletAccount } from "./standard";

/** What the desk asks to be signed; the fields of Sign-In With Solana. */
export interface SignInFields {
  domain: string;
  uri: string;
  version: string;
  chain_id: string | number;
  statement: string;
  nonce: string;
  issued_at: string;
  expires_at: string;
}

export interface SignedMessage {
  message: string;
  signature: string;
}

type Feature = Record<string, (...inputs: unknown[]) => Promise<unknown>>;

function method(wallet: StandardWallet, feature: string, name: string) {
  const found = (wallet.features[feature] as Feature | undefined)?.[name];
  if (found === undefined) throw new Error(`${wallet.name} cannot do ${feature}.`);
  return found;
}

/** The text of a sign-in, as SIWS writes it: the order and the blank lines matter. */
export function siwsText(fields: SignInFields, address: string): string {
  return [
    `${fields.domain} wants you to sign in with your Solana account:`,
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

export async function connectSolana(wallet: StandardWallet): Promise<WalletAccount> {
  await method(wallet, "standard:connect", "connect")();
  const account = wallet.accounts.find((one) => one.chains.some((chain) => chain.startsWith("solana:")));
  if (account === undefined) throw new Error(`${wallet.name} shared no Solana account.`);
  return account;
}

interface SignInOutput {
  signedMessage: Uint8Array;
  signature: Uint8Array;
}

function firstOf(output: unknown): SignInOutput {
  const [first] = output as SignInOutput[];
  if (first === undefined) throw new Error("The wallet signed nothing.");
  return first;
}

/** Lets the wallet write and sign the message itself: it then shows it as a sign-in. */
async function signIn(wallet: StandardWallet, fields: SignInFields): Promise<SignedMessage> {
  const input = {
    domain: fields.domain,
    statement: fields.statement,
    uri: fields.uri,
    version: fields.version,
    chainId: String(fields.chain_id),
    nonce: fields.nonce,
    issuedAt: fields.issued_at,
    expirationTime: fields.expires_at,
  };
  const output = firstOf(await method(wallet, "solana:signIn", "signIn")(input));
  return { message: utf8Text(output.signedMessage), signature: base64(output.signature) };
}

async function signMessage(wallet: StandardWallet, fields: SignInFields): Promise<SignedMessage> {
  const account = await connectSolana(wallet);
  const message = siwsText(fields, account.address);
  const output = firstOf(await method(wallet, "solana:signMessage", "signMessage")({ account, message: utf8(message) }));
  return { message: utf8Text(output.signedMessage), signature: base64(output.signature) };
}

export function canSignMessages(wallet: StandardWallet): boolean {
  return "solana:signIn" in wallet.features || "solana:signMessage" in wallet.features;
}

export function signSolana(wallet: StandardWallet, fields: SignInFields): Promise<SignedMessage> {
  return "solana:signIn" in wallet.features ? signIn(wallet, fields) : signMessage(wallet, fields);
}

const MEMO = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";

/** A length in Solana's compact form: seven bits a byte, the lowest first. */
function compact(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...compact(length >> 7)];
}

/**
 * A transaction that says the message and does nothing: what a hardware wallet signs that cannot
 * sign text. Its blockhash is the message's digest, which no chain knows: it can never be executed.
 */
export async function memoTransaction(address: string, message: string): Promise<Bytes> {
  const text = utf8(message);
  const blockhash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const header = Uint8Array.of(1, 0, 1, 2);
  const instruction = Uint8Array.from([1, 1, 1, 0, ...compact(text.length)]);
  const unsigned = concat(Uint8Array.of(1), new Uint8Array(64));
  return concat(unsigned, header, fromBase58(address), fromBase58(MEMO), blockhash, instruction, text);
}

export interface SignedMemo {
  address: string;
  transaction: string;
}

export async function signSolanaMemo(wallet: StandardWallet, fields: SignInFields): Promise<SignedMemo> {
  const account = await connectSolana(wallet);
  const transaction = await memoTransaction(account.address, siwsText(fields, account.address));
  const chain = account.chains.find((one) => one.startsWith("solana:"));
  const signTransaction = method(wallet, "solana:signTransaction", "signTransaction");
  const [signed] = (await signTransaction({ account, transaction, chain })) as { signedTransaction: Uint8Array }[];
  if (signed === undefined) throw new Error("The wallet signed nothing.");
  return { address: account.address, transaction: base64(signed.signedTransaction) };
}
