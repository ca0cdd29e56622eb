import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { auditQuery, verifyAudit, type AuditFilter } from "../../shared/api/admin";
import { flat } from "../../shared/api/hooks";
import { amount } from "../../shared/lib/format";
import { utcFromInput } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { JournalTable } from "../../shared/ui/JournalTable";
import { Notice, Refusal } from "../../shared/ui/Notice";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

const BLANK: AuditFilter = { chain: "", actor: "", action: "", from: "", to: "" };

export function AuditSearchPage() {
  const [draft, setDraft] = useState(BLANK);
  const [filter, setFilter] = useState(BLANK);
  const audit = useInfiniteQuery(auditQuery(filter));
  const rows = flat(audit.data);
  const field = (name: keyof AuditFilter) => ({
    value: draft[name],
    maxLength: 128,
    onChange: (event: { currentTarget: HTMLInputElement }) => { setDraft({ ...draft, [name]: event.currentTarget.value }); },
  });
  return (
    <PageBody title="Audit trail" lead="What was done at this desk, chained per person and anchored: tampering is found.">
      <Verify />
      <Panel title="Entries" note="newest first" className="rounded-md" bare>
        <search>
          <Form
            label="Search the audit trail"
            className="grid grid-cols-2 items-end gap-2 border-b border-line p-3 md:grid-cols-3"
            onSend={() => { setFilter({ ...draft, from: utcFromInput(draft.from) ?? "", to: utcFromInput(draft.to) ?? "" }); }}
          >
            <Field label="Trail (person or desk)" {...field("chain")} />
            <Field label="By" {...field("actor")} />
            <Field label="What" placeholder="auth.signed_in" {...field("action")} />
            <Field label="From (UTC)" type="datetime-local" {...field("from")} />
            <Field label="To (UTC)" type="datetime-local" {...field("to")} />
            <Send busy={audit.isFetching && !audit.isFetchingNextPage} busyText="Searching…" className="h-8!">Search</Send>
          </Form>
        </search>
        <Answer query={audit} what="the audit trail" empty={{ when: () => rows.length === 0, show: <Empty title="Nothing fits" /> }}>
          {() => <JournalTable label="Audit trail" rows={rows} rowKey={(row) => `${row.actor} ${row.seq} ${row.at} ${row.target}`} more={{ has: audit.hasNextPage, busy: audit.isFetchingNextPage, load: () => void audit.fetchNextPage() }} />}
        </Answer>
      </Panel>
    </PageBody>
  );
}

function Verify() {
  const verify = useMutation({ mutationFn: verifyAudit });
  const proof = verify.data;
  return (
    <Panel title="Proof" className="rounded-md" actions={<Button size="tiny" icon="shield" disabled={verify.isPending} onClick={() => { verify.mutate(); }}>{verify.isPending ? "Verifying…" : "Verify every chain"}</Button>}>
      <Refusal error={verify.error} />
      {proof === undefined && verify.error === null && <p className="text-xs text-dim">Walks every chain from its first entry and compares it with the anchors, as <span className="font-mono">hydradesk audit verify</span> does.</p>}
      {proof?.ok === true && <Notice tone="good" role="status">Unbroken: {amount(String(proof.entries), 0)} entries in {amount(String(proof.chains), 0)} chains agree with {amount(String(proof.anchors), 0)} anchors.</Notice>}
      {proof?.ok === false && <Notice tone="bad" role="alert">Broken: {typeof proof.broken === "string" ? proof.broken : JSON.stringify(proof.broken)}</Notice>}
    </Panel>
  );
}
