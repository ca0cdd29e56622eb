import { useState } from "react";

import { createKey, type NewKey } from "../../shared/api/people";
import { may, useSession } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { CreatedKey } from "../../shared/api/types";
import { Field } from "../../shared/ui/Field";
import { Check, Form, Select, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";

const KINDS = [
  { value: "bearer", text: "Bearer: the secret is sent with each call" },
  { value: "hmac", text: "HMAC: each call is signed with the secret" },
  { value: "ed25519", text: "Ed25519: each call is signed with your own private key" },
] as const;

const RIGHTS = [
  ["read", "Read: account, orders, signals"],
  ["trade", "Trade: place and cancel orders"],
  ["withdraw", "Withdraw: to your own addresses"],
  ["admin", "Administer: settings, webhooks"],
] as const;

const ENDS = [
  { value: "30", text: "in 30 days" },
  { value: "90", text: "in 90 days" },
  { value: "365", text: "in a year" },
  { value: "", text: "never" },
] as const;

interface Draft {
  name: string;
  kind: NewKey["kind"];
  kinds: NewKey["kinds"];
  ips: string;
  days: string;
  publicKey: string;
}

const DAY_MS = 86_400_000;

function bodyFrom(draft: Draft): NewKey {
  const ips = draft.ips.split(/[\s,]+/).filter(Boolean);
  const days = ENDS.findIndex((end) => end.value === draft.days);
  const lengths = [30, 90, 365];
  const length = lengths[days];
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    kinds: draft.kinds,
    ...(ips.length === 0 ? {} : { ips }),
    ...(length === undefined ? {} : { expires_at: new Date(Date.now() + length * DAY_MS).toISOString() }),
    ...(draft.kind === "ed25519" ? { public_key: draft.publicKey.trim() } : {}),
  };
}

export function NewApiKey({ onMade }: { onMade: (made: CreatedKey) => void }) {
  const session = useSession();
  const [draft, setDraft] = useState<Draft>({ name: "", kind: "bearer", kinds: ["read"], ips: "", days: "90", publicKey: "" });
  const change = (part: Partial<Draft>) => { setDraft({ ...draft, ...part }); };
  const create = useWrite(createKey, { refresh: [["keys"], ["audit"]], onDone: onMade });
  const possible = RIGHTS.filter(([right]) => right !== "withdraw" || may(session, "withdrawals:write"));
  return (
    <Form label="New API key" onSend={() => { if (!create.isPending) create.mutate(bodyFrom(draft)); }}>
      <Refusal error={create.error} fields={["name", "ips", "public_key"]} />
      <Field label="Name" name="name" maxLength={60} value={draft.name} problem={about(create.error, "name")} placeholder="my bot" onChange={(event) => { change({ name: event.currentTarget.value }); }} />
      <Select label="How it proves itself" value={draft.kind} options={KINDS} onChange={(event) => { change({ kind: KINDS.find((one) => one.value === event.currentTarget.value)?.value ?? "bearer" }); }} />
      {draft.kind === "ed25519" && (
        <Field label="Public key (base64 or PEM)" name="public_key" value={draft.publicKey} problem={about(create.error, "public_key")} onChange={(event) => { change({ publicKey: event.currentTarget.value }); }} />
      )}
      <fieldset className="space-y-1.5">
        <legend className="mb-1 text-2xs text-dim">What it may do</legend>
        {possible.map(([right, text]) => (
          <Check
            key={right}
            label={text}
            checked={draft.kinds.includes(right)}
            onChange={(on) => { change({ kinds: on ? [...draft.kinds, right] : draft.kinds.filter((other) => other !== right) }); }}
          />
        ))}
      </fieldset>
      <Field label="Only from these addresses (optional)" name="ips" placeholder="203.0.113.0/24" value={draft.ips} problem={about(create.error, "ips")} onChange={(event) => { change({ ips: event.currentTarget.value }); }} />
      <Select label="Ends" value={draft.days} options={ENDS} onChange={(event) => { change({ days: event.currentTarget.value }); }} />
      <div className="flex justify-end">
        <Send busy={create.isPending} disabled={create.isPending || draft.kinds.length === 0}>Make the key</Send>
      </div>
    </Form>
  );
}
