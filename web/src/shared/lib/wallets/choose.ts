import { useSyncExternalStore } from "react";

import { ethereumWallets, watchEthereumWallets, type EthereumWallet } from "./ethereum";
import { canSignIn, solanaWallets, watchSolanaWallets, type StandardWallet } from "./standard";

export type WalletChoice = { chain: "siws"; wallet: StandardWallet } | { chain: "siwe"; wallet: EthereumWallet };

function isPhantom(choice: WalletChoice): boolean {
  return choice.wallet.name.toLowerCase() === "phantom";
}

/** What may be signed with: Phantom first where it is there, Solana before Ethereum. */
export function inOrder(solana: readonly StandardWallet[], ethereum: readonly EthereumWallet[]): WalletChoice[] {
  const choices: WalletChoice[] = [
    ...solana.filter(canSignIn).map((wallet) => ({ chain: "siws", wallet }) as const),
    ...ethereum.map((wallet) => ({ chain: "siwe", wallet }) as const),
  ];
  const first = choices.filter((choice) => isPhantom(choice) && choice.chain === "siws");
  return [...first, ...choices.filter((choice) => !first.includes(choice))];
}

export function useWallets(): WalletChoice[] {
  const solana = useSyncExternalStore(watchSolanaWallets, solanaWallets);
  const ethereum = useSyncExternalStore(watchEthereumWallets, ethereumWallets);
  return inOrder(solana, ethereum);
}
