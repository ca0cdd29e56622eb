import { useState } from "react";

import { secondStep, secondStepByPasskey } from "../../shared/api/signIn";
import { Button } from "../../shared/ui/Button";
import { Form, Send } from "../../shared/ui/forms";
import { Refusal } from "../../shared/ui/Notice";
import { CodeField, codeProof, useCodeKinds } from "./codes";
import type { Landing } from "./landing";
import type { Attempt } from "./SignInPage";

interface FactorStepProps {
  factor: NonNullable<Landing["second"]>;
  attempt: Attempt;
  onStartOver: () => void;
}

/** The second step: a code, a recovery code or a passkey. */
export function FactorStep({ factor, attempt, onStartOver }: FactorStepProps) {
  const [code, setCode] = useState("");
  const { ticket } = factor;
  const kinds = useCodeKinds(factor.factors);
  const send = () => {
    if (code.trim() !== "" && !attempt.isPending) attempt.mutate(() => secondStep(ticket, codeProof(kinds.kind, code)));
  };
  return (
    <div className="space-y-4 rounded-lg border border-line bg-panel p-4 md:p-6">
      <div>
        <h1 className="text-lg font-semibold">One more step</h1>
        <p className="mt-1 text-xs text-dim">This account asks for a second proof that it is you.</p>
      </div>
      <Refusal error={attempt.error} fields={["code", "recovery_code"]} />
      {kinds.codes && (
        <Form label="Second step" onSend={send}>
          <CodeField kinds={kinds} code={code} error={attempt.error} onChange={setCode} />
          <Send busy={attempt.isPending} size="full">Continue</Send>
        </Form>
      )}
      {kinds.passkey && (
        <Button size="full" icon="finger" disabled={attempt.isPending} onClick={() => { attempt.mutate(() => secondStepByPasskey(ticket)); }}>
          Use a passkey
        </Button>
      )}
      <Button look="quiet" size="tiny" onClick={onStartOver}>← Sign in another way</Button>
    </div>
  );
}
