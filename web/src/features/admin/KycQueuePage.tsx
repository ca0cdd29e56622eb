import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { decideKyc, kycCaseQuery, kycQueueQuery } from "../../shared/api/review";
import { saveFile } from "../../shared/api/client";
import { useWrite } from "../../shared/api/useWrite";
import type { KycCase } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { KYC_LEVELS, KYC_TONES, sentence } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Select } from "../../shared/ui/forms";
import { Notice, Refusal } from "../../shared/ui/Notice";
import { PageBody, Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Segmented } from "../../shared/ui/Segmented";
import { Reasoned } from "./Reasoned";

const STATES = [
  { value: "pending", text: "Waiting" },
  { value: "approved", text: "Approved" },
  { value: "rejected", text: "Rejected" },
] as const;

export function KycQueuePage() {
  const [status, setStatus] = useState<string>("pending");
  const [chosen, setChosen] = useState<string | null>(null);
  const queue = useQuery(kycQueueQuery(status));
  return (
    <PageBody title="Identity checks" lead="Look at the documents, then decide. Every look and every decision is recorded.">
      <Panel title="Queue" className="rounded-md" bare actions={<Segmented label="State" value={status} options={STATES} onChange={(next) => { setStatus(next); setChosen(null); }} />}>
        <Answer query={queue} what="identity checks" empty={{ when: (page) => page.items.length === 0, show: <Empty title={status === "pending" ? "Nobody waits" : "Nobody here"} /> }}>
          {(page) => (
            <ul aria-label="Identity checks">
              {page.items.map((one) => (
                <Row key={one.person} title={one.name} badges={<><Badge tone={KYC_TONES[one.status] ?? "neutral"}>{one.status}</Badge>{one.hit !== null && <Badge tone="down">SANCTIONS HIT</Badge>}</>} detail={`asks for level ${one.wanted} (${KYC_LEVELS[one.wanted] ?? ""}) · ${one.documents.length} documents · handed in ${stamp(one.submitted_at)} UTC`}>
                  <Button size="tiny" aria-expanded={chosen === one.person} onClick={() => { setChosen(chosen === one.person ? null : one.person); }}>
                    {chosen === one.person ? "Close" : "Look"}
                  </Button>
                </Row>
              ))}
            </ul>
          )}
        </Answer>
      </Panel>
      {chosen !== null && <OneCase key={chosen} person={chosen} onDone={() => { setChosen(null); }} />}
    </PageBody>
  );
}

function OneCase({ person, onDone }: { person: string; onDone: () => void }) {
  const one = useQuery(kycCaseQuery(person));
  const [asking, setAsking] = useState<"approve" | "reject" | null>(null);
  return (
    <Panel title={one.data?.name ?? "Identity check"} note={person} className="rounded-md" bare>
      <Answer query={one} what="this identity check">
        {(view) => (
          <>
            <ul aria-label="Documents">
              {view.documents.map((document) => (
                <Document key={document.id} person={person} document={document} />
              ))}
            </ul>
            {view.hit !== null && <div className="border-t border-line p-3"><Notice tone="bad" role="alert">On a sanctions list: {view.hit}</Notice></div>}
            {view.reason !== null && <div className="border-t border-line p-3"><Notice>{view.reason}{view.decided_by !== null && <span className="text-dim"> · decided by {view.decided_by}</span>}</Notice></div>}
            <div className="flex flex-wrap justify-end gap-2 border-t border-line p-3">
              <Button look="danger" onClick={() => { setAsking("reject"); }}>Reject…</Button>
              <Button look="accent" onClick={() => { setAsking("approve"); }}>Approve…</Button>
            </div>
            {asking !== null && <Decision one={view} approved={asking === "approve"} onClose={() => { setAsking(null); }} onDone={onDone} />}
          </>
        )}
      </Answer>
    </Panel>
  );
}

function Document({ person, document }: { person: string; document: KycCase["documents"][number] }) {
  const load = useMutation({ mutationFn: () => saveFile(`/api/admin/kyc/${encodeURIComponent(person)}/documents/${encodeURIComponent(document.id)}`, document.name) });
  return (
    <Row title={document.name} badges={<Badge>{sentence(document.kind)}</Badge>} detail={`uploaded ${stamp(document.uploaded_at)} UTC`}>
      <Refusal error={load.error} />
      <Button size="tiny" icon="download" disabled={load.isPending} onClick={() => { load.mutate(); }}>Download</Button>
    </Row>
  );
}

interface DecisionProps {
  one: KycCase;
  approved: boolean;
  onClose: () => void;
  onDone: () => void;
}

function Decision({ one, approved, onClose, onDone }: DecisionProps) {
  const [level, setLevel] = useState(one.wanted === 2 ? "2" : "1");
  const decide = useWrite(decideKyc, { refresh: [["admin"], ["audit"]], said: approved ? `${one.name} is approved` : `${one.name} is rejected`, onDone });
  return (
    <Reasoned
      title={approved ? `Approve ${one.name}` : `Reject ${one.name}`}
      action={approved ? "Approve" : "Reject"}
      look={approved ? "accent" : "sell"}
      open
      busy={decide.isPending}
      error={decide.error}
      onClose={onClose}
      onSend={(reason) => { decide.mutate({ person: one.person, approved, level: approved ? (level === "2" ? 2 : 1) : 0, reason }); }}
    >
      {approved && <Select label="Level" value={level} options={[{ value: "1", text: "1 · identity" }, { value: "2", text: "2 · identity and address" }]} onChange={(event) => { setLevel(event.currentTarget.value); }} />}
    </Reasoned>
  );
}
