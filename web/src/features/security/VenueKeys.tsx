import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { addVenueKey, removeVenueKey, venueKeysQuery, type NewVenueKey } from "../../shared/api/people";
import { useWrite } from "../../shared/api/useWrite";
import type { VenueKey } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, SecretField, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

const CHANGED = [["venue-keys"], ["audit"]];

/** Keys of exchanges, sealed on the server; only their masked names come back. */
export function VenueKeys() {
  const keys = useQuery(venueKeysQuery);
  const [adding, setAdding] = useState(false);
  return (
    <Panel title="Venue keys" note="sealed at rest, never shown again" className="rounded-md" bare actions={<Button size="tiny" onClick={() => { setAdding(true); }}>Add</Button>}>
      <Answer query={keys} what="your venue keys" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No venue key">The keys of your accounts at exchanges are kept here, encrypted, for the day you trade there.</Empty> }}>
        {(page) => (
          <ul aria-label="Venue keys">
            {page.items.map((one) => (
              <OneVenueKey key={one.id} one={one} />
            ))}
          </ul>
        )}
      </Answer>
      <Dialog title="Add a venue key" open={adding} onClose={() => { setAdding(false); }}>
        <NewKey onDone={() => { setAdding(false); }} />
      </Dialog>
    </Panel>
  );
}

function OneVenueKey({ one }: { one: VenueKey }) {
  const [asking, setAsking] = useState(false);
  const remove = useWrite(removeVenueKey, { refresh: CHANGED, said: "The venue key is gone", failed: "The venue key was not removed" });
  return (
    <Row title={one.label} badges={<Badge>{one.venue}</Badge>} detail={<><span className="font-mono">{one.api_key}</span> · added {stamp(one.created_at)} UTC</>}>
      <Button size="tiny" look="danger" disabled={remove.isPending} onClick={() => { setAsking(true); }}>Remove</Button>
      <Confirm title="Remove this venue key?" open={asking} action="Remove it" look="sell" onClose={() => { setAsking(false); }} onConfirm={() => { remove.mutate(one.id); }}>
        <p>The desk forgets the key {one.label} of {one.venue}. Revoke it at the venue as well.</p>
      </Confirm>
    </Row>
  );
}

const BLANK = { venue: "", label: "", api_key: "", api_secret: "", passphrase: "" };

function NewKey({ onDone }: { onDone: () => void }) {
  const [draft, setDraft] = useState(BLANK);
  const add = useWrite(addVenueKey, { refresh: CHANGED, said: "The venue key is sealed", onDone });
  const send = () => {
    const { passphrase, ...rest } = draft;
    const body: NewVenueKey = passphrase === "" ? rest : { ...rest, passphrase };
    if (!add.isPending) add.mutate(body);
  };
  const field = (name: keyof typeof BLANK) => ({
    name,
    value: draft[name],
    maxLength: 256,
    problem: about(add.error, name),
    onChange: (event: { currentTarget: HTMLInputElement }) => { setDraft({ ...draft, [name]: event.currentTarget.value }); },
  });
  return (
    <Form label="Add a venue key" onSend={send}>
      <Refusal error={add.error} fields={Object.keys(BLANK)} />
      <Field label="Venue" placeholder="binance" {...field("venue")} />
      <Field label="Label" placeholder="main account" {...field("label")} />
      <Field label="API key" {...field("api_key")} />
      <SecretField label="API secret" autoComplete="off" {...field("api_secret")} />
      <SecretField label="Passphrase (where the venue has one)" autoComplete="off" {...field("passphrase")} />
      <div className="flex justify-end"><Send busy={add.isPending}>Seal and keep</Send></div>
    </Form>
  );
}
