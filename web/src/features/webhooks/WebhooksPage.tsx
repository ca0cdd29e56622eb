import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { flat } from "../../shared/api/hooks";
import { changeSubscription, deliveriesQuery, removeSubscription, replayDelivery, rotateSubscription, subscriptionsQuery, testSubscription } from "../../shared/api/webhooks";
import { useWrite } from "../../shared/api/useWrite";
import type { Delivery, Subscription } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge, type Tone } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Switch } from "../../shared/ui/Field";
import { Notice } from "../../shared/ui/Notice";
import { PageBody, Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Revealed } from "../../shared/ui/Revealed";
import { NewSubscription } from "./NewSubscription";

const CHANGED = [["subscriptions"], ["deliveries"], ["audit"]];

export function WebhooksPage() {
  return (
    <PageBody title="Webhooks" lead="The desk tells addresses of yours what happens, signed as Standard Webhooks describe it.">
      <Subscriptions />
      <Deliveries />
    </PageBody>
  );
}

function Subscriptions() {
  const subscriptions = useQuery(subscriptionsQuery);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Panel title="Subscriptions" className="rounded-md" bare actions={<Button size="tiny" icon="hook" onClick={() => { setAdding(true); }}>New subscription</Button>}>
      <Answer query={subscriptions} what="subscriptions" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No subscription">Give the desk an address, and it is told of orders, fills, signals and more as they happen.</Empty> }}>
        {(page) => (
          <ul aria-label="Subscriptions">
            {page.items.map((one) => (
              <OneSubscription key={one.id} one={one} onSecret={setSecret} />
            ))}
          </ul>
        )}
      </Answer>
      <Dialog title="New subscription" open={adding} onClose={() => { setAdding(false); }}>
        <NewSubscription
          onMade={(made) => {
            setAdding(false);
            setSecret(made.secret);
          }}
        />
      </Dialog>
      <Dialog title="The signing secret" open={secret !== null} onClose={() => { setSecret(null); }}>
        <div className="space-y-3">
          <Notice tone="warn">This is shown only now. With it your program checks that a message is the desk's.</Notice>
          <Revealed label="Signing secret" value={secret ?? ""} />
          <div className="flex justify-end"><Button look="accent" onClick={() => { setSecret(null); }}>I have kept it</Button></div>
        </div>
      </Dialog>
    </Panel>
  );
}

function OneSubscription({ one, onSecret }: { one: Subscription; onSecret: (secret: string) => void }) {
  const [asking, setAsking] = useState<"remove" | "rotate" | null>(null);
  const close = () => { setAsking(null); };
  const change = useWrite((enabled: boolean) => changeSubscription(one.id, enabled), { refresh: CHANGED, failed: "The subscription was not changed" });
  const remove = useWrite(removeSubscription, { refresh: CHANGED, said: "The subscription is gone", failed: "The subscription was not removed" });
  const rotate = useWrite(rotateSubscription, { refresh: CHANGED, failed: "The secret was not changed", onDone: (made) => { onSecret(made.secret); } });
  const test = useWrite(testSubscription, { refresh: CHANGED, said: "A test message is on its way", failed: "No test message was sent" });
  return (
    <Row
      title={one.url}
      badges={one.events.map((event) => <Badge key={event}>{event}</Badge>)}
      detail={
        <>
          {one.description !== "" && <>{one.description} · </>}made {stamp(one.created_at)} UTC
          {one.disabled_reason !== null && <span className="text-down"> · switched off: {one.disabled_reason}</span>}
          {one.failing_since !== null && <span className="text-warn"> · failing since {stamp(one.failing_since)} UTC</span>}
        </>
      }
    >
      <span className="flex items-center pr-1"><Switch label={`Send to ${one.url}`} on={one.enabled} disabled={change.isPending} onChange={(on) => { change.mutate(on); }} /></span>
      <Button size="tiny" disabled={test.isPending || !one.enabled} onClick={() => { test.mutate(one.id); }}>Test</Button>
      <Button size="tiny" disabled={rotate.isPending} onClick={() => { setAsking("rotate"); }}>New secret</Button>
      <Button size="tiny" look="danger" disabled={remove.isPending} onClick={() => { setAsking("remove"); }}>Delete</Button>
      <Confirm title="Make a new secret?" open={asking === "rotate"} action="Make it" onClose={close} onConfirm={() => { rotate.mutate(one.id); }}>
        <p>Messages are signed with the new secret at once; for a while the old one signs as well.</p>
      </Confirm>
      <Confirm title="Delete this subscription?" open={asking === "remove"} action="Delete it" look="sell" onClose={close} onConfirm={() => { remove.mutate(one.id); }}>
        <p className="[overflow-wrap:anywhere]">{one.url} is told nothing any more.</p>
      </Confirm>
    </Row>
  );
}

const TONES: Record<Delivery["state"], Tone> = { pending: "accent", delivered: "up", retrying: "warn", dead: "down" };

const COLUMNS: Column<Delivery>[] = [
  { head: "Made (UTC)", cell: (row) => <span title={row.id}>{stamp(row.created_at)}</span> },
  { head: "Event", cell: (row) => row.type },
  { head: "State", cell: (row) => <Badge tone={TONES[row.state]}>{row.state}</Badge> },
  { head: "Tries", right: true, from: "md", cell: (row) => row.attempts },
  { head: "Answer", from: "md", cell: (row) => <span className="text-dim" title={row.error ?? ""}>{row.status ?? row.error ?? "–"}</span> },
  { head: "Next (UTC)", from: "lg", cell: (row) => stamp(row.next_at) },
  { head: "Delivered (UTC)", from: "lg", cell: (row) => stamp(row.delivered_at) },
  { head: "Actions", quietHead: true, right: true, cell: (row) => <Replay row={row} /> },
];

function Replay({ row }: { row: Delivery }) {
  const replay = useWrite(replayDelivery, { refresh: [["deliveries"]], said: "It is sent again", failed: "It was not sent again" });
  if (row.state !== "dead" && row.state !== "delivered") return null;
  return <Button size="tiny" disabled={replay.isPending} onClick={() => { replay.mutate(row.id); }}>Send again</Button>;
}

function Deliveries() {
  const deliveries = useInfiniteQuery(deliveriesQuery);
  const rows = flat(deliveries.data);
  return (
    <Panel title="Deliveries" note="newest first" className="rounded-md" bare>
      <Answer query={deliveries} what="deliveries" empty={{ when: () => rows.length === 0, show: <Empty title="Nothing was sent yet" /> }}>
        {() => (
          <DataTable label="Deliveries" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} more={{ has: deliveries.hasNextPage, busy: deliveries.isFetchingNextPage, load: () => void deliveries.fetchNextPage() }} />
        )}
      </Answer>
    </Panel>
  );
}
