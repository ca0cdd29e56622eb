import type { WalletChoice } from "../lib/wallets/choose";
import { signEthereum } from "../lib/wallets/ethereum";
import { signSolana } from "../lib/wallets/solana";
import { fetchNonce, type Signed } from "./signIn";

/** Asks the desk for something to sign and the wallet to sign it. */
export async function signWith(choice: WalletChoice): Promise<Signed> {
  const fields = await fetchNonce(choice.chain);
  return choice.chain === "siws" ? signSolana(choice.wallet, fields) : signEthereum(choice.wallet, fields);
}
