import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { credentialsQuery, factorsQuery } from "../../shared/api/people";
import { proveAgain, proveAgainByPasskey } from "../../shared/api/signIn";
import { answerStepUp, useStepUpAsked } from "../../shared/api/stepUp";
import type { Factors } from "../../shared/api/types";
import { signWith } from "../../shared/api/walletSign";
import { useWallets, type WalletChoice } from "../../shared/lib/wallets/choose";
import { Answer } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Dialog } from "../../shared/ui/Dialog";
import { Form, SecretField, Send } from "../../shared/ui/forms";
import { about, Notice, Refusal } from "../../shared/ui/Notice";
import { WalletList } from "../../shared/ui/WalletList";
import { CodeField, codeProof, useCodeKinds } from "./codes";
import { inWords } from "./useSignIn";

/** Asks once more who is there, before something that matters is done. */
export function StepUpDialog() {
  const asked = useStepUpAsked();
  return (
    <Dialog title="Is it you?" open={asked} onClose={() => { answerStepUp(false); }}>
      {asked && <Proofs />}
    </Dialog>
  );
}

function useProof() {
  return useMutation({
    mutationFn: async (prove: () => Promise<unknown>) => {
      try {
        await prove();
      } catch (error) {
        throw inWords(error);
      }
    },
    onSuccess: () => {
      answerStepUp(true);
    },
  });
}

type Proving = ReturnType<typeof useProof>;

function Proofs() {
  const factors = useQuery(factorsQuery);
  const proving = useProof();
  return (
    <div className="space-y-3">
      <p className="text-xs text-dim">What you are about to do needs a fresh proof. It then counts for a few minutes.</p>
      <Answer query={factors} what="your second factors">
        {(view) => (view.totp || view.passkeys > 0 ? <BySecondFactor factors={view} proving={proving} /> : <ByFirstFactor proving={proving} />)}
      </Answer>
    </div>
  );
}

function BySecondFactor({ factors, proving }: { factors: Factors; proving: Proving }) {
  const [code, setCode] = useState("");
  const kinds = useCodeKinds([
    ...(factors.totp ? (["totp"] as const) : []),
    ...(factors.recovery_codes_left > 0 ? (["recovery"] as const) : []),
    ...(factors.passkeys > 0 ? (["passkey"] as const) : []),
  ]);
  return (
    <>
      <Refusal error={proving.error} fields={["code", "recovery_code"]} />
      {kinds.codes && (
        <Form label="Prove it is you" onSend={() => { if (code.trim() !== "") proving.mutate(() => proveAgain(codeProof(kinds.kind, code))); }}>
          <CodeField kinds={kinds} code={code} error={proving.error} onChange={setCode} />
          <Send busy={proving.isPending} size="full">Continue</Send>
        </Form>
      )}
      {kinds.passkey && (
        <Button size="full" icon="finger" disabled={proving.isPending} onClick={() => { proving.mutate(proveAgainByPasskey); }}>
          Use a passkey
        </Button>
      )}
    </>
  );
}

function ByFirstFactor({ proving }: { proving: Proving }) {
  const credentials = useQuery(credentialsQuery);
  return (
    <Answer query={credentials} what="your ways to sign in">
      {(page) => {
        const kinds = new Set(page.items.map((one) => one.kind));
        return (
          <>
            <Refusal error={proving.error} fields={["password"]} />
            {kinds.has("password") && <ByPassword proving={proving} />}
            <ByWallet kinds={kinds} proving={proving} />
            {!["password", "siws", "siwe"].some((kind) => kinds.has(kind)) && (
              <Notice tone="warn">Add a second factor or a password under Security first: your way of signing in cannot be asked for again here.</Notice>
            )}
          </>
        );
      }}
    </Answer>
  );
}

function ByPassword({ proving }: { proving: Proving }) {
  const [password, setPassword] = useState("");
  return (
    <Form label="Prove it is you" onSend={() => { if (password !== "") proving.mutate(() => proveAgain({ password })); }}>
      <SecretField
        label="Password"
        name="password"
        autoComplete="current-password"
        value={password}
        problem={about(proving.error, "password")}
        onChange={(event) => {
          setPassword(event.currentTarget.value);
        }}
      />
      <Send busy={proving.isPending} size="full">Continue</Send>
    </Form>
  );
}

function ByWallet({ kinds, proving }: { kinds: Set<string>; proving: Proving }) {
  const wallets = useWallets().filter((choice) => kinds.has(choice.chain));
  const [picked, setPicked] = useState<WalletChoice["wallet"] | null>(null);
  if (!kinds.has("siws") && !kinds.has("siwe")) return null;
  if (wallets.length === 0) return <Notice tone="warn">The wallet you signed in with is not in this browser.</Notice>;
  return (
    <WalletList
      wallets={wallets}
      busy={proving.isPending ? picked : null}
      disabled={proving.isPending}
      onPick={(choice) => {
        setPicked(choice.wallet);
        proving.mutate(async () => proveAgain({ ...(await signWith(choice)), kind: choice.chain }));
      }}
    />
  );
}
