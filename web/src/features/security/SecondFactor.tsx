import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { beginTotp, confirmTotp, factorsQuery, removeTotp, renewRecoveryCodes } from "../../shared/api/people";
import { useWrite } from "../../shared/api/useWrite";
import type { Enrolment, Factors } from "../../shared/api/types";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Notice, Refusal } from "../../shared/ui/Notice";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Qr } from "../../shared/ui/Qr";
import { Revealed } from "../../shared/ui/Revealed";

const CHANGED = [["factors"], ["me"], ["audit"]];

export function SecondFactor() {
  const factors = useQuery(factorsQuery);
  const [codes, setCodes] = useState<string[] | null>(null);
  return (
    <Panel title="Second factor" note="asked for after signing in, and before what matters" className="rounded-md" bare>
      <Answer query={factors} what="your second factors">
        {(view) => (
          <ul>
            <Authenticator factors={view} onCodes={setCodes} />
            {view.totp && <RecoveryCodes factors={view} onCodes={setCodes} />}
          </ul>
        )}
      </Answer>
      <Dialog title="Your recovery codes" open={codes !== null} onClose={() => { setCodes(null); }}>
        <div className="space-y-3">
          <Notice tone="warn">Each code opens your account once when the authenticator is lost. They are shown only now: keep them on paper or in a password manager.</Notice>
          <Revealed label="Recovery codes" value={(codes ?? []).join("\n")} fileName="hydradesk-recovery-codes.txt" />
          <div className="flex justify-end">
            <Button look="accent" onClick={() => { setCodes(null); }}>I have kept them</Button>
          </div>
        </div>
      </Dialog>
    </Panel>
  );
}

interface PartProps {
  factors: Factors;
  onCodes: (codes: string[]) => void;
}

function Authenticator({ factors, onCodes }: PartProps) {
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [asking, setAsking] = useState(false);
  const begin = useWrite(beginTotp, { failed: "No authenticator was added", onDone: setEnrolment });
  const remove = useWrite(removeTotp, { refresh: CHANGED, said: "The authenticator is removed", failed: "The authenticator was not removed" });
  return (
    <Row
      title="Authenticator app"
      detail="A code of six digits that changes every half minute."
      badges={<Badge tone={factors.totp ? "up" : "neutral"}>{factors.totp ? "ON" : "OFF"}</Badge>}
    >
      {factors.totp ? (
        <Button size="tiny" look="danger" disabled={remove.isPending} onClick={() => { setAsking(true); }}>Remove</Button>
      ) : (
        <Button size="tiny" look="accent" disabled={begin.isPending} onClick={() => { begin.mutate(); }}>Set up</Button>
      )}
      <Confirm title="Remove the authenticator?" open={asking} action="Remove it" look="sell" onClose={() => { setAsking(false); }} onConfirm={() => { remove.mutate(); }}>
        <p>Your account is then guarded by its first factor alone, and its recovery codes end.</p>
      </Confirm>
      <Dialog title="Set up an authenticator app" open={enrolment !== null} onClose={() => { setEnrolment(null); }} wide>
        {enrolment !== null && (
          <Enrol
            enrolment={enrolment}
            onCodes={(codes) => {
              setEnrolment(null);
              onCodes(codes);
            }}
          />
        )}
      </Dialog>
    </Row>
  );
}

function Enrol({ enrolment, onCodes }: { enrolment: Enrolment; onCodes: (codes: string[]) => void }) {
  const [code, setCode] = useState("");
  const confirm = useWrite(confirmTotp, { refresh: CHANGED, said: "The authenticator is on", onDone: ({ recovery_codes }) => { onCodes([...recovery_codes]); } });
  return (
    <div className="flex flex-wrap items-start gap-5">
      <Qr modules={enrolment.modules} label="QR code with the authenticator's secret" />
      <div className="min-w-0 flex-1 basis-60 space-y-3">
        <p className="text-xs text-dim">Scan this with your authenticator app, or type the secret into it. Then enter the code that it shows.</p>
        <Revealed label="Authenticator secret" value={enrolment.secret} />
        <Refusal error={confirm.error} fields={["code"]} />
        <Form label="Confirm the authenticator" onSend={() => { if (code !== "") confirm.mutate(code.replace(/\s/g, "")); }}>
          <Field
            label="Code from the app"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={8}
            value={code}
            problem={about(confirm.error, "code")}
            onChange={(event) => { setCode(event.currentTarget.value); }}
          />
          <Send busy={confirm.isPending}>Turn it on</Send>
        </Form>
      </div>
    </div>
  );
}

function RecoveryCodes({ factors, onCodes }: PartProps) {
  const [asking, setAsking] = useState(false);
  const renew = useWrite(renewRecoveryCodes, {
    refresh: CHANGED,
    failed: "No new recovery codes were made",
    onDone: ({ recovery_codes }) => { onCodes([...recovery_codes]); },
  });
  const left = factors.recovery_codes_left;
  return (
    <Row
      title="Recovery codes"
      detail="Each works once, when the authenticator is not at hand."
      badges={<Badge tone={left > 2 ? "neutral" : "warn"}>{left} LEFT</Badge>}
    >
      <Button size="tiny" disabled={renew.isPending} onClick={() => { setAsking(true); }}>Make new ones</Button>
      <Confirm title="Make new recovery codes?" open={asking} action="Make new ones" onClose={() => { setAsking(false); }} onConfirm={() => { renew.mutate(); }}>
        <p>The codes you have now stop working.</p>
      </Confirm>
    </Row>
  );
}
