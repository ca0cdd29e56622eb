import type { WalletChoice } from "../lib/wallets/choose";
import { Icon } from "./Icon";

const CHAINS = { siws: "Solana", siwe: "Ethereum" } as const;

/** Only pictures that come with the wallet itself: nothing is fetched from elsewhere. */
function picture(icon: string): string | null {
  return icon.startsWith("data:image/") ? icon : null;
}

interface WalletListProps {
  wallets: WalletChoice[];
  busy: WalletChoice["wallet"] | null;
  disabled: boolean;
  onPick: (choice: WalletChoice) => void;
}

/** The wallets of this browser, as buttons. */
export function WalletList({ wallets, busy, disabled, onPick }: WalletListProps) {
  return (
    <ul className="grid gap-2" aria-label="Wallets">
      {wallets.map((choice, at) => {
        const shown = picture(choice.wallet.icon);
        return (
          <li key={`${choice.chain} ${choice.wallet.name} ${at}`}>
            <button
              type="button"
              disabled={disabled}
              aria-busy={busy === choice.wallet}
              className="flex h-11 w-full items-center gap-3 rounded border border-line bg-raised px-3 text-left hover:border-edge disabled:cursor-not-allowed disabled:opacity-60"
              onClick={() => {
                onPick(choice);
              }}
            >
              {shown === null ? <Icon name="wallet" className="size-6 text-dim" /> : <img src={shown} alt="" className="size-6 rounded" />}
              <span className="min-w-0 flex-1 truncate text-sm font-medium">{choice.wallet.name}</span>
              <span className="text-2xs text-dim">{busy === choice.wallet ? "waiting for the wallet…" : CHAINS[choice.chain]}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
