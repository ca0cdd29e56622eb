import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { eraseAccount } from "../../shared/api/erase";
import { personQuery } from "../../shared/api/people";
import { leave } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { Person } from "../../shared/api/types";
import { Answer } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Notice, Refusal } from "../../shared/ui/Notice";
import { Panel } from "../../shared/ui/Panel";

export function Erase() {
  const person = useQuery(personQuery);
  const [asking, setAsking] = useState(false);
  return (
    <Panel title="Erase the account" className="rounded-md">
      <div className="space-y-3">
        <p className="text-xs text-dim">Your name, addresses, credentials and documents are deleted. Ledger and audit trail stay valid under a pseudonym that leads to nobody.</p>
        <Button look="danger" onClick={() => { setAsking(true); }}>Erase my account…</Button>
      </div>
      <Dialog title="Erase your account" open={asking} onClose={() => { setAsking(false); }}>
        <Answer query={person} what="your profile">{(view) => <Sure person={view} />}</Answer>
      </Dialog>
    </Panel>
  );
}

function Sure({ person }: { person: Person }) {
  const word = person.name === "" ? person.id : person.name;
  const [typed, setTyped] = useState("");
  const erase = useWrite(eraseAccount, { said: "Your account is erased", onDone: () => void leave() });
  return (
    <Form label="Erase the account" onSend={() => { if (typed === word && !erase.isPending) erase.mutate(typed); }}>
      <Notice tone="bad">This cannot be undone. Open orders are cancelled, every device is signed out.</Notice>
      <Refusal error={erase.error} fields={["confirm"]} />
      <Field label={`Type ${word} to confirm`} name="confirm" value={typed} problem={about(erase.error, "confirm")} onChange={(event) => { setTyped(event.currentTarget.value); }} />
      <div className="flex justify-end"><Send look="sell" busy={erase.isPending} disabled={erase.isPending || typed !== word}>Erase everything</Send></div>
    </Form>
  );
}
