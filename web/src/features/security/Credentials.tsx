import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { addPasskey, addWallet, credentialsQuery, removeCredential, setPassword } from "../../shared/api/people";
import { methodsQuery } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import { signWith } from "../../shared/api/walletSign";
import type { Credential } from "../../shared/api/types";
import { passkeysPossible, passkeyTrouble } from "../../shared/lib/webauthn";
import { useWallets, type WalletChoice } from "../../shared/lib/wallets/choose";
import { walletTrouble } from "../../shared/lib/wallets/ethereum";
import { stamp } from "../../shared/lib/time";
import { METHODS } from "../../shared/lib/words";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, SecretField, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { WalletList } from "../../shared/ui/WalletList";

const CHANGED = [["credentials"], ["factors"], ["person"], ["me"], ["audit"]];
type Adding = "wallet" | "passkey" | "password" | null;

/** Everything that opens this account; the last one cannot be taken away. */
export function Credentials() {
  const credentials = useQuery(credentialsQuery);
  const [adding, setAdding] = useState<Adding>(null);
  const close = () => { setAdding(null); };
  const items = credentials.data?.items ?? [];
  const hasPassword = items.some((one) => one.kind === "password");
  return (
    <Panel title="Ways to sign in" note="all of them open the same account" className="rounded-md" bare>
      <Answer query={credentials} what="your ways to sign in">
        {(page) => (
          <ul aria-label="Ways to sign in">
            {page.items.map((one) => (
              <OneCredential key={one.id} credential={one} last={page.items.length === 1} onPassword={() => { setAdding("password"); }} />
            ))}
          </ul>
        )}
      </Answer>
      <div className="flex flex-wrap gap-2 border-t border-line px-3 py-2.5">
        <Button size="tiny" icon="wallet" onClick={() => { setAdding("wallet"); }}>Add a wallet</Button>
        {passkeysPossible() && <Button size="tiny" icon="finger" onClick={() => { setAdding("passkey"); }}>Add a passkey</Button>}
        {!hasPassword && <Button size="tiny" icon="mail" onClick={() => { setAdding("password"); }}>Set a password</Button>}
      </div>
      <Dialog title="Add a wallet" open={adding === "wallet"} onClose={close}><AddWallet onDone={close} /></Dialog>
      <Dialog title="Add a passkey" open={adding === "passkey"} onClose={close}><AddPasskey onDone={close} /></Dialog>
      <Dialog title={hasPassword ? "Change your password" : "Set a password"} open={adding === "password"} onClose={close}>
        <ChangePassword has={hasPassword} onDone={close} />
      </Dialog>
    </Panel>
  );
}

function OneCredential({ credential, last, onPassword }: { credential: Credential; last: boolean; onPassword: () => void }) {
  const [asking, setAsking] = useState(false);
  const remove = useWrite(removeCredential, { refresh: CHANGED, said: "It does not open your account any more", failed: "It was not removed" });
  const kind = METHODS[credential.kind] ?? credential.kind;
  return (
    <Row
      title={credential.label === "" ? kind : credential.label}
      badges={<Badge>{kind}</Badge>}
      detail={
        <>
          {credential.detail !== "" && credential.detail !== credential.label && <span className="font-mono">{credential.detail} · </span>}
          added {stamp(credential.created_at)} UTC · {credential.last_used_at === null ? "never used" : `last used ${stamp(credential.last_used_at)} UTC`}
        </>
      }
    >
      {credential.kind === "password" && <Button size="tiny" onClick={onPassword}>Change</Button>}
      <Button size="tiny" look="danger" disabled={last || remove.isPending} title={last ? "The only way in stays" : undefined} onClick={() => { setAsking(true); }}>
        Remove
      </Button>
      <Confirm title="Remove this way to sign in?" open={asking} action="Remove it" look="sell" onClose={() => { setAsking(false); }} onConfirm={() => { remove.mutate(credential.id); }}>
        <p>{kind} {credential.label !== "" && <b>{credential.label}</b>} will not open your account any more.</p>
      </Confirm>
    </Row>
  );
}

async function inWords<T>(job: Promise<T>): Promise<T> {
  try {
    return await job;
  } catch (error) {
    const said = passkeyTrouble(error) ?? (error instanceof Error && !("code" in error) ? null : walletTrouble(error));
    throw said === null ? error : new Error(said, { cause: error });
  }
}

function AddWallet({ onDone }: { onDone: () => void }) {
  const kinds = new Set<string>(useQuery(methodsQuery).data?.methods.map((method) => method.kind));
  const wallets = useWallets().filter((choice) => kinds.has(choice.chain));
  const [picked, setPicked] = useState<WalletChoice["wallet"] | null>(null);
  const add = useWrite((choice: WalletChoice) => inWords(signWith(choice).then((signed) => addWallet(choice.chain, signed))), {
    refresh: CHANGED,
    said: "The wallet opens your account from now on",
    onDone,
  });
  return (
    <div className="space-y-3">
      <p className="text-xs text-dim">Choose the account in your wallet first; the wallet signs that it is yours.</p>
      <Refusal error={add.error} />
      {wallets.length === 0 ? (
        <p className="text-xs text-dim">No wallet was found in this browser.</p>
      ) : (
        <WalletList wallets={wallets} busy={add.isPending ? picked : null} disabled={add.isPending} onPick={(choice) => { setPicked(choice.wallet); add.mutate(choice); }} />
      )}
    </div>
  );
}

function AddPasskey({ onDone }: { onDone: () => void }) {
  const [label, setLabel] = useState("");
  const add = useWrite((name: string) => inWords(addPasskey(name)), { refresh: CHANGED, said: "The passkey opens your account from now on", onDone });
  return (
    <Form label="Add a passkey" onSend={() => { if (!add.isPending) add.mutate(label.trim() === "" ? "Passkey" : label.trim()); }}>
      <Refusal error={add.error} fields={["label"]} />
      <Field label="What you call it" name="label" placeholder="Passkey" maxLength={60} value={label} problem={about(add.error, "label")} onChange={(event) => { setLabel(event.currentTarget.value); }} />
      <div className="flex justify-end gap-2">
        <Send busy={add.isPending} busyText="Waiting for the device…">Continue</Send>
      </div>
    </Form>
  );
}

function ChangePassword({ has, onDone }: { has: boolean; onDone: () => void }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useWrite(() => setPassword(next, has ? current : null), { refresh: CHANGED, said: "The password is set", onDone });
  return (
    <Form label="Password" onSend={() => { if (next !== "" && !change.isPending) change.mutate(); }}>
      <Refusal error={change.error} fields={["current", "password"]} />
      {has && (
        <SecretField label="Current password" name="current-password" autoComplete="current-password" value={current} problem={about(change.error, "current")} onChange={(event) => { setCurrent(event.currentTarget.value); }} />
      )}
      <SecretField label="New password" name="new-password" autoComplete="new-password" value={next} problem={about(change.error, "password")} onChange={(event) => { setNext(event.currentTarget.value); }} />
      <p className="text-2xs text-dim">Several words, or what a password manager makes: length is what counts.</p>
      <div className="flex justify-end">
        <Send busy={change.isPending}>Set the password</Send>
      </div>
    </Form>
  );
}
