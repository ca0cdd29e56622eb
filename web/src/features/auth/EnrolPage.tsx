import { useState, type ReactNode } from "react";

import { enrol } from "../../shared/api/signIn";
import { Form, SecretField, Send } from "../../shared/ui/forms";
import { about, Notice, Refusal } from "../../shared/ui/Notice";
import { FactorStep } from "./FactorStep";
import { takeHash } from "./landing";
import { useSignIn } from "./useSignIn";

/** Where the link of `hydradesk users create --one-time` leads: choose a password, and be in. */
export function EnrolPage() {
  const [code] = useState(takeHash);
  const [password, setPassword] = useState("");
  const { attempt, factor, startOver } = useSignIn(undefined);
  if (factor !== null) return <Place><FactorStep factor={factor} attempt={attempt} onStartOver={startOver} /></Place>;
  return (
    <Place>
      <div className="space-y-4 rounded-lg border border-line bg-panel p-4 md:p-6">
        <div>
          <h1 className="text-lg font-semibold">Welcome to Hydradesk</h1>
          <p className="mt-1 text-xs text-dim">An account was made for you. Choose a password of your own; the link works this once.</p>
        </div>
        {code === "" && <Notice tone="bad" role="alert">This link is not whole: open it again as it was given to you.</Notice>}
        <Refusal error={attempt.error} fields={["password"]} />
        <Form label="Choose a password" onSend={() => { if (password !== "" && !attempt.isPending) attempt.mutate(() => enrol(code, password)); }}>
          <SecretField
            label="Password"
            name="new-password"
            autoComplete="new-password"
            value={password}
            problem={about(attempt.error, "password")}
            onChange={(event) => { setPassword(event.currentTarget.value); }}
          />
          <p className="text-2xs text-dim">Several words, or what a password manager makes: length is what counts.</p>
          <Send busy={attempt.isPending} size="full" disabled={attempt.isPending || code === ""}>Continue</Send>
        </Form>
      </div>
    </Place>
  );
}

function Place({ children }: { children: ReactNode }) {
  return (
    <main className="min-h-0 flex-1 overflow-auto">
      <div className="mx-auto w-full max-w-md px-3 py-6 md:py-10">{children}</div>
    </main>
  );
}
