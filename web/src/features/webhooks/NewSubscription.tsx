import { useState } from "react";

import { addSubscription } from "../../shared/api/webhooks";
import { useWrite } from "../../shared/api/useWrite";
import type { Subscription } from "../../shared/api/types";
import { Field } from "../../shared/ui/Field";
import { Check, Form, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";

const EVENTS = [
  ["orders", "Orders: every change of state"],
  ["fills", "Fills: every execution"],
  ["signals", "Signals of your membership"],
  ["positions", "Positions"],
  ["withdrawals", "Withdrawals: every step"],
  ["security", "Security: sign-ins and changes"],
] as const;

export function NewSubscription({ onMade }: { onMade: (made: { secret: string }) => void }) {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState<Subscription["events"][number][]>(["orders", "fills"]);
  const add = useWrite(addSubscription, { refresh: [["subscriptions"], ["audit"]], onDone: onMade });
  return (
    <Form
      label="New subscription"
      onSend={() => {
        if (!add.isPending) add.mutate({ url: url.trim(), events, ...(description.trim() === "" ? {} : { description: description.trim() }) });
      }}
    >
      <Refusal error={add.error} fields={["url", "description"]} />
      <Field label="Address" name="url" type="url" placeholder="https://example.com/hooks" maxLength={2000} value={url} problem={about(add.error, "url")} onChange={(event) => { setUrl(event.currentTarget.value); }} />
      <fieldset className="space-y-1.5">
        <legend className="mb-1 text-2xs text-dim">What it is told</legend>
        {EVENTS.map(([name, text]) => (
          <Check key={name} label={text} checked={events.includes(name)} onChange={(on) => { setEvents(on ? [...events, name] : events.filter((other) => other !== name)); }} />
        ))}
      </fieldset>
      <Field label="Note (optional)" name="description" maxLength={200} value={description} problem={about(add.error, "description")} onChange={(event) => { setDescription(event.currentTarget.value); }} />
      <div className="flex justify-end"><Send busy={add.isPending} disabled={add.isPending || events.length === 0}>Subscribe</Send></div>
    </Form>
  );
}
