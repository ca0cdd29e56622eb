/**
 * Solana wallets by the Wallet Standard: they and the page find each other through two window
 * events. Source: github.com/wallet-standard/wallet-standard (base, app, features).
 */
export interface WalletAccount {
  address: string;
  publicKey: Uint8Array;
  chains: readonly string[];
  features: readonly string[];
}

export interface StandardWallet {
  version: string;
  name: string;
  icon: string;
  chains: readonly string[];
  features: Record<string, unknown>;
  accounts: readonly WalletAccount[];
}

interface Api {
  register: (...wallets: StandardWallet[]) => () => void;
}

let known: readonly StandardWallet[] = [];
let listening = false;
const listeners = new Set<() => void>();

function set(next: readonly StandardWallet[]): void {
  known = next;
  listeners.forEach((listener) => {
    listener();
  });
}

const api: Api = Object.freeze({
  register: (...wallets: StandardWallet[]) => {
    set([...known, ...wallets.filter((wallet) => !known.includes(wallet))]);
    return () => {
      set(known.filter((wallet) => !wallets.includes(wallet)));
    };
  },
});

/** Hears wallets that are there already and those that come later. */
function listen(): void {
  if (listening) return;
  listening = true;
  window.addEventListener("wallet-standard:register-wallet", (event) => {
    const { detail } = event as CustomEvent<unknown>;
    if (typeof detail === "function") (detail as (api: Api) => void)(api);
  });
  window.dispatchEvent(new CustomEvent("wallet-standard:app-ready", { detail: api }));
}

export function watchSolanaWallets(listener: () => void): () => void {
  listen();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function solanaWallets(): readonly StandardWallet[] {
  return known;
}

/** Whether we could sign in with it at all. */
export function canSignIn(wallet: StandardWallet): boolean {
  const solana = wallet.chains.some((chain) => chain.startsWith("solana:"));
  const ways = ["solana:signIn", "solana:signMessage", "solana:signTransaction"];
  return solana && "standard:connect" in wallet.features && ways.some((way) => way in wallet.features);
}
