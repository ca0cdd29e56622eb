import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { kycQuery, submitKyc, uploadDocument } from "../../shared/api/kyc";
import { useWrite } from "../../shared/api/useWrite";
import type { Kyc } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { KYC_LEVELS, KYC_TONES, sentence } from "../../shared/lib/words";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Fact, Facts } from "../../shared/ui/Facts";
import { Select } from "../../shared/ui/forms";
import { Notice, Refusal } from "../../shared/ui/Notice";
import { PageBody, Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

const CHANGED = [["kyc"], ["person"], ["me"], ["audit"]];

export function KycPage() {
  const kyc = useQuery(kycQuery);
  return (
    <PageBody title="Identity" lead="A person looks at your documents. They are sealed at rest, shown to nobody else, and deleted when they are not needed.">
      <Answer query={kyc} what="your identity check">
        {(view) => (
          <>
            <State kyc={view} />
            <Documents kyc={view} />
          </>
        )}
      </Answer>
    </PageBody>
  );
}

function State({ kyc }: { kyc: Kyc }) {
  return (
    <Panel title="State" className="rounded-md">
      <div className="max-w-md">
        <Facts label="Identity check">
          <Fact name="Status"><Badge tone={KYC_TONES[kyc.status] ?? "neutral"}>{kyc.status}</Badge></Fact>
          <Fact name="Level">{kyc.level} · {KYC_LEVELS[kyc.level] ?? ""}</Fact>
          <Fact name="Good until">{kyc.expires_at === null ? "–" : `${stamp(kyc.expires_at)} UTC`}</Fact>
        </Facts>
      </div>
      {kyc.reason !== null && kyc.reason !== "" && <div className="mt-3"><Notice tone={kyc.status === "rejected" ? "bad" : "info"}>{kyc.reason}</Notice></div>}
      {kyc.status === "pending" && <div className="mt-3"><Notice>Your documents wait for a person to look at them.</Notice></div>}
    </Panel>
  );
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function Documents({ kyc }: { kyc: Kyc }) {
  const closed = kyc.status === "pending";
  return (
    <Panel title="Documents" className="rounded-md" bare>
      {kyc.documents.length === 0 ? (
        <p className="px-3 py-4 text-center text-xs text-dim">No document yet. Level 1 needs a passport or identity card, level 2 a proof of address as well.</p>
      ) : (
        <ul aria-label="Documents">
          {kyc.documents.map((one) => (
            <Row key={one.id} title={one.name} badges={<Badge>{sentence(one.kind)}</Badge>} detail={`${size(one.size)} · uploaded ${stamp(one.uploaded_at)} UTC`} />
          ))}
        </ul>
      )}
      {!closed && <Upload />}
      {!closed && kyc.documents.length > 0 && <Submit kyc={kyc} />}
    </Panel>
  );
}

const KINDS = [
  { value: "passport", text: "Passport" },
  { value: "id_card", text: "Identity card" },
  { value: "proof_of_address", text: "Proof of address" },
];

function Upload() {
  const [kind, setKind] = useState("passport");
  const picker = useRef<HTMLInputElement>(null);
  const upload = useWrite((file: File) => uploadDocument(kind, file), { refresh: CHANGED, said: "The document is uploaded" });
  return (
    <div className="space-y-2 border-t border-line p-3">
      <Refusal error={upload.error} />
      <div className="flex flex-wrap items-end gap-2">
        <Select label="Kind of document" value={kind} options={KINDS} onChange={(event) => { setKind(event.currentTarget.value); }} />
        <input
          ref={picker}
          type="file"
          aria-label="Document to upload"
          accept="image/png,image/jpeg,application/pdf"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file !== undefined) upload.mutate(file);
            event.currentTarget.value = "";
          }}
        />
        <Button disabled={upload.isPending} aria-busy={upload.isPending} onClick={() => picker.current?.click()}>
          {upload.isPending ? "Uploading…" : "Choose a file…"}
        </Button>
        <span className="pb-1.5 text-2xs text-dim">PNG, JPEG or PDF</span>
      </div>
    </div>
  );
}

const LEVELS = [
  { value: "1", text: "Level 1: identity" },
  { value: "2", text: "Level 2: identity and address" },
];

function Submit({ kyc }: { kyc: Kyc }) {
  const [level, setLevel] = useState(kyc.documents.some((one) => one.kind === "proof_of_address") ? "2" : "1");
  const submit = useWrite(submitKyc, { refresh: CHANGED, said: "Your documents are handed in" });
  return (
    <div className="space-y-2 border-t border-line p-3">
      <Refusal error={submit.error} />
      <div className="flex flex-wrap items-end gap-2">
        <Select label="Asked for" value={level} options={LEVELS} onChange={(event) => { setLevel(event.currentTarget.value); }} />
        <Button look="accent" className="h-8!" disabled={submit.isPending} onClick={() => { submit.mutate(level === "2" ? 2 : 1); }}>Hand in</Button>
      </div>
    </div>
  );
}
