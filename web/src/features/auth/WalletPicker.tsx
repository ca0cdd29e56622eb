import { useState } from "react";

import { fetchNonce, signInWithMemo, signInWithWallet, type Chain } from "../../shared/api/signIn";
import { signWith } from "../../shared/api/walletSign";
import { useWallets, type WalletChoice } from "../../shared/lib/wallets/choose";
import { canSignMessages, signSolanaMemo } from "../../shared/lib/wallets/solana";
import { Check } from "../../shared/ui/forms";
import { WalletList } from "../../shared/ui/WalletList";
import type { Attempt } from "./SignInPage";

async function byMemo(choice: Extract<WalletChoice, { chain: "siws" }>) {
  const { address, transaction } = await signSolanaMemo(choice.wallet, await fetchNonce("siws"));
  return signInWithMemo(address, transaction);
}

async function signIn(choice: WalletChoice, hardware: boolean) {
  if (choice.chain === "siws" && (hardware || !canSignMessages(choice.wallet))) return byMemo(choice);
  return signInWithWallet(choice.chain, await signWith(choice));
}

/** Every wallet of this browser that the desk can check. */
export function WalletPicker({ chains, attempt }: { chains: readonly Chain[]; attempt: Attempt }) {
  const wallets = useWallets().filter((choice) => chains.includes(choice.chain));
  const [picked, setPicked] = useState<WalletChoice["wallet"] | null>(null);
  const [hardware, setHardware] = useState(false);
  if (wallets.length === 0) return <NoWallet />;
  const memo = wallets.some((choice) => choice.chain === "siws" && "solana:signTransaction" in choice.wallet.features);
  return (
    <section aria-label="Wallets in this browser" className="space-y-2">
      <WalletList
        wallets={wallets}
        busy={attempt.isPending ? picked : null}
        disabled={attempt.isPending}
        onPick={(choice) => {
          setPicked(choice.wallet);
          attempt.mutate(() => signIn(choice, hardware));
        }}
      />
      {memo && (
        <Check
          label={<>My Solana key is on a hardware wallet that cannot sign text <span className="text-dim">(it signs a memo that is never sent)</span></>}
          checked={hardware}
          onChange={setHardware}
        />
      )}
    </section>
  );
}

function NoWallet() {
  return (
    <p className="rounded border border-dashed border-edge px-3 py-2.5 text-xs text-dim">
      No wallet was found in this browser. With a Solana wallet such as Phantom, or an Ethereum wallet, installed, it appears here by itself.
    </p>
  );
}
