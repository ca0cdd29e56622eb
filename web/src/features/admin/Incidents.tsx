import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { closeIncident, incidentsQuery, openIncident } from "../../shared/api/incidents";
import { useMay } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { Incident } from "../../shared/api/types";
import { oneOf } from "../../shared/lib/storage";
import { stamp } from "../../shared/lib/time";
import { sentence } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Field } from "../../shared/ui/Field";
import { Select } from "../../shared/ui/forms";
import { Panel } from "../../shared/ui/Panel";
import { Reasoned } from "./Reasoned";

const CHANGED = [["admin"], ["audit"]];

export function Incidents() {
  const incidents = useQuery(incidentsQuery);
  const mayAct = useMay("admin:write");
  const [opening, setOpening] = useState(false);
  return (
    <Panel title="Incidents" className="rounded-md" bare actions={mayAct && <Button size="tiny" look="danger" onClick={() => { setOpening(true); }}>Run a playbook…</Button>}>
      <Answer query={incidents} what="incidents" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No incident">A playbook detects, contains, tells and reports; it can be run by hand too.</Empty> }}>
        {(page) => (
          <ul aria-label="Incidents">
            {page.items.map((one) => (
              <OneIncident key={one.id} one={one} />
            ))}
          </ul>
        )}
      </Answer>
      {opening && <Run onClose={() => { setOpening(false); }} />}
    </Panel>
  );
}

function OneIncident({ one }: { one: Incident }) {
  const close = useWrite(closeIncident, { refresh: CHANGED, said: "The incident is closed", failed: "The incident was not closed" });
  const mayAct = useMay("admin:write");
  return (
    <li className="border-b border-line/60 last:border-0">
      <details className="px-3 py-2 text-xs">
        <summary className="flex flex-wrap items-center gap-2">
          <b className="font-medium">{sentence(one.playbook)}</b>
          <Badge tone={one.closed_at === null ? "warn" : "neutral"}>{one.state}</Badge>
          <span className="text-2xs text-dim">{one.id} · opened {stamp(one.opened_at)} UTC{one.closed_at !== null && ` · closed ${stamp(one.closed_at)} UTC`}</span>
        </summary>
        <ol className="mt-2 space-y-1 border-l-2 border-line pl-3">
          {one.steps.map((step, at) => (
            <li key={at}>
              <span className="text-2xs text-dim">{stamp(step.at)}</span> <b className="font-medium">{sentence(step.step)}</b> {step.detail}
            </li>
          ))}
        </ol>
        <pre className="mt-2 overflow-x-auto rounded border border-line bg-canvas p-2 font-mono text-2xs whitespace-pre-wrap">{one.report}</pre>
        {one.closed_at === null && mayAct && (
          <div className="mt-2 flex justify-end">
            <Button size="tiny" disabled={close.isPending} onClick={() => { close.mutate(one.id); }}>Close the incident</Button>
          </div>
        )}
      </details>
    </li>
  );
}

const PLAYBOOKS = [
  { value: "credential_stuffing", text: "Credential stuffing: lock the sources out" },
  { value: "key_leak", text: "Key leak: revoke an API key, or the signing keys" },
  { value: "drift", text: "Drift: halt trading" },
] as const;

function Run({ onClose }: { onClose: () => void }) {
  const [playbook, setPlaybook] = useState<(typeof PLAYBOOKS)[number]["value"]>("key_leak");
  const [subject, setSubject] = useState("");
  const run = useWrite(openIncident, { refresh: CHANGED, said: "The playbook has run", onDone: onClose });
  return (
    <Reasoned title="Run a playbook" action="Run it now" look="sell" open busy={run.isPending} error={run.error} onClose={onClose} onSend={(reason) => { run.mutate({ playbook, reason, ...(subject.trim() === "" ? {} : { subject: subject.trim() }) }); }}>
      <Select label="Playbook" value={playbook} options={PLAYBOOKS} onChange={(event) => { setPlaybook(oneOf(["credential_stuffing", "key_leak", "drift"], event.currentTarget.value, "key_leak")); }} />
      <Field label="About (an API key’s id, or “signing”; where one is meant)" value={subject} maxLength={128} onChange={(event) => { setSubject(event.currentTarget.value); }} />
    </Reasoned>
  );
}
