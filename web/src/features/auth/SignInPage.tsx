import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { methodsQuery, useSession } from "../../shared/api/session";
import { signInWithPasskey } from "../../shared/api/signIn";
import type { SignInMethod } from "../../shared/api/types";
import { passkeysPossible } from "../../shared/lib/webauthn";
import { sentence } from "../../shared/lib/words";
import { Answer } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Icon } from "../../shared/ui/Icon";
import { Notice, Refusal } from "../../shared/ui/Notice";
import { FactorStep } from "./FactorStep";
import { landingFrom, takeHash } from "./landing";
import { PasswordForms } from "./PasswordForms";
import { useSignIn } from "./useSignIn";
import { WalletPicker } from "./WalletPicker";

export type Attempt = ReturnType<typeof useSignIn>["attempt"];

export function SignInPage() {
  const methods = useQuery(methodsQuery);
  return (
    <main className="min-h-0 flex-1 overflow-auto">
      <div className="mx-auto w-full max-w-md px-3 py-6 md:py-10">
        <Answer query={methods} what="the ways to sign in">
          {(view) => (view.demo ? <NoNeed /> : <Ways methods={view.methods} signUp={view.sign_up} captcha={view.captcha} />)}
        </Answer>
      </div>
    </main>
  );
}

function NoNeed() {
  return (
    <div className="space-y-3">
      <Notice>This desk runs as a demo for one local person: there is nothing to sign in to.</Notice>
      <BackToDesk />
    </div>
  );
}

function BackToDesk() {
  return (
    <Link to="/" className="text-xs text-accent hover:underline">
      ← Back to the desk
    </Link>
  );
}

interface WaysProps {
  methods: SignInMethod[];
  signUp: boolean;
  captcha: boolean;
}

function Ways({ methods, signUp, captcha }: WaysProps) {
  const { to } = useSearch({ from: "/sign-in" });
  const [landing] = useState(() => landingFrom(takeHash()));
  const session = useSession();
  const { attempt, factor, startOver } = useSignIn(to, landing.second);
  if (session.kind === "member" && !attempt.isPending) return <SignedInAlready name={session.me.person.name} />;
  if (factor !== null) return <FactorStep factor={factor} attempt={attempt} onStartOver={startOver} />;
  const kinds = new Set(methods.map((method) => method.kind));
  const chains = (["siws", "siwe"] as const).filter((chain) => kinds.has(chain));
  const elsewhere = methods.filter((method) => method.kind === "oidc" || method.kind === "whop");
  return (
    <div className="space-y-5 rounded-lg border border-line bg-panel p-4 md:p-6">
      <div>
        <h1 className="text-lg font-semibold">Sign in to Hydradesk</h1>
        <p className="mt-1 text-xs text-dim">Your wallet is your name here: nothing is sent to a chain, and no approval moves money.</p>
      </div>
      {landing.error !== null && attempt.isIdle && <Notice tone="bad" role="alert">Signing in elsewhere did not work: {sentence(landing.error).toLowerCase()}. Try again, or another way.</Notice>}
      <Refusal error={attempt.error} fields={["email", "password", "name", "referrer"]} />
      {chains.length > 0 && <WalletPicker chains={chains} attempt={attempt} />}
      {kinds.has("passkey") && <Passkey attempt={attempt} />}
      {elsewhere.length > 0 && <Elsewhere methods={elsewhere} />}
      {kinds.has("password") && <PasswordForms attempt={attempt} signUp={signUp} captcha={captcha} />}
    </div>
  );
}

function SignedInAlready({ name }: { name: string }) {
  return (
    <div className="space-y-3">
      <Notice tone="good">You are signed in as {name}.</Notice>
      <BackToDesk />
    </div>
  );
}

function Passkey({ attempt }: { attempt: Attempt }) {
  if (!passkeysPossible()) return null;
  return (
    <Button
      size="full"
      icon="finger"
      disabled={attempt.isPending}
      onClick={() => {
        attempt.mutate(signInWithPasskey);
      }}
    >
      Use a passkey
    </Button>
  );
}

/** Others who may say who you are; a whole new page, so a plain link. */
function Elsewhere({ methods }: { methods: SignInMethod[] }) {
  return (
    <ul className="grid gap-2" aria-label="Sign in elsewhere">
      {methods.map((method) => (
        <li key={`${method.kind} ${method.name}`}>
          <a
            href={method.kind === "whop" ? "/api/auth/whop/start?session=cookie" : `/api/auth/oidc/${encodeURIComponent(method.name)}/start?session=cookie`}
            className="flex h-9 w-full items-center justify-center gap-2 rounded border border-line bg-raised text-sm hover:border-edge pointer-coarse:h-11"
          >
            <Icon name="globe" className="size-4 text-dim" />
            {method.label}
          </a>
        </li>
      ))}
    </ul>
  );
}
