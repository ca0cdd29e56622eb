import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { addAddress, addressesQuery, removeAddress } from "../../shared/api/withdrawals";
import { useWrite } from "../../shared/api/useWrite";
import type { Address } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

const CHANGED = [["addresses"], ["audit"]];

/** Where money may go; a new address waits before it counts. */
export function Addresses() {
  const addresses = useQuery(addressesQuery);
  const [adding, setAdding] = useState(false);
  return (
    <Panel title="Allowed addresses" className="rounded-md" bare actions={<Button size="tiny" onClick={() => { setAdding(true); }}>Add</Button>}>
      <Answer query={addresses} what="your addresses" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No address yet">A new address can be used after a waiting time, so that a thief cannot add one and empty the account.</Empty> }}>
        {(page) => (
          <ul aria-label="Allowed addresses">
            {page.items.map((one) => (
              <OneAddress key={one.id} one={one} />
            ))}
          </ul>
        )}
      </Answer>
      <Dialog title="Allow an address" open={adding} onClose={() => { setAdding(false); }}>
        <NewAddress onDone={() => { setAdding(false); }} />
      </Dialog>
    </Panel>
  );
}

function OneAddress({ one }: { one: Address }) {
  const remove = useWrite(removeAddress, { refresh: CHANGED, said: "The address is removed", failed: "The address was not removed" });
  return (
    <Row title={one.label} badges={<Badge>{one.asset}</Badge>} detail={<><span className="font-mono">{one.address}</span><br />usable from {stamp(one.usable_at)} UTC</>}>
      <Button size="tiny" look="danger" disabled={remove.isPending} onClick={() => { remove.mutate(one.id); }}>Remove</Button>
    </Row>
  );
}

const BLANK = { label: "", asset: "USDT", address: "" };

function NewAddress({ onDone }: { onDone: () => void }) {
  const [draft, setDraft] = useState(BLANK);
  const add = useWrite(addAddress, { refresh: CHANGED, said: "The address is on your list", onDone });
  const field = (name: keyof typeof BLANK) => ({
    name,
    value: draft[name],
    maxLength: 128,
    problem: about(add.error, name),
    onChange: (event: { currentTarget: HTMLInputElement }) => { setDraft({ ...draft, [name]: event.currentTarget.value }); },
  });
  return (
    <Form label="Allow an address" onSend={() => { if (!add.isPending) add.mutate({ label: draft.label.trim(), asset: draft.asset.trim().toUpperCase(), address: draft.address.trim() }); }}>
      <Refusal error={add.error} fields={Object.keys(BLANK)} />
      <Field label="What you call it" placeholder="my wallet" {...field("label")} />
      <Field label="Asset" {...field("asset")} />
      <Field label="Address" {...field("address")} />
      <div className="flex justify-end"><Send busy={add.isPending}>Allow it</Send></div>
    </Form>
  );
}
