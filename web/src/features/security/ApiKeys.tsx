import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { keysQuery, removeKey } from "../../shared/api/people";
import { useWrite } from "../../shared/api/useWrite";
import type { ApiKey, CreatedKey } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Notice } from "../../shared/ui/Notice";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Revealed } from "../../shared/ui/Revealed";
import { NewApiKey } from "./NewApiKey";

/** Keys for programs that act in this person's name. */
export function ApiKeys() {
  const keys = useQuery(keysQuery);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedKey | null>(null);
  return (
    <Panel
      title="API keys"
      note="for your own programs"
      className="rounded-md"
      bare
      actions={<Button size="tiny" icon="key" onClick={() => { setMaking(true); }}>New key</Button>}
    >
      <Answer query={keys} what="your API keys" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No API key">A key lets a program read or trade for you, within the limits you give it.</Empty> }}>
        {(page) => (
          <ul aria-label="API keys">
            {page.items.map((key) => (
              <OneKey key={key.id} one={key} />
            ))}
          </ul>
        )}
      </Answer>
      <Dialog title="New API key" open={making} onClose={() => { setMaking(false); }}>
        <NewApiKey
          onMade={(created) => {
            setMaking(false);
            setMade(created);
          }}
        />
      </Dialog>
      <Dialog title="Your new key" open={made !== null} onClose={() => { setMade(null); }}>
        {made !== null && <Reveal made={made} onDone={() => { setMade(null); }} />}
      </Dialog>
    </Panel>
  );
}

function Reveal({ made, onDone }: { made: CreatedKey; onDone: () => void }) {
  return (
    <div className="space-y-3">
      {made.secret === null ? (
        <Notice tone="good">The key {made.key.name} is ready. Its id is below; the private half never left your machine.</Notice>
      ) : (
        <Notice tone="warn">This is shown only now. Whoever has it may do what the key may do.</Notice>
      )}
      <Revealed label="Key id" value={made.key.id} />
      {made.secret !== null && <Revealed label="Secret" value={made.secret} />}
      <div className="flex justify-end">
        <Button look="accent" onClick={onDone}>I have kept it</Button>
      </div>
    </div>
  );
}

function OneKey({ one }: { one: ApiKey }) {
  const [asking, setAsking] = useState(false);
  const remove = useWrite(removeKey, { refresh: [["keys"], ["audit"]], said: "The key is gone", failed: "The key was not deleted" });
  return (
    <Row
      title={one.name}
      badges={
        <>
          <Badge>{one.kind}</Badge>
          {one.kinds.map((kind) => (
            <Badge key={kind} tone={kind === "read" ? "accent" : "warn"}>{kind}</Badge>
          ))}
        </>
      }
      detail={
        <>
          <span className="font-mono">{one.prefix}…</span> · made {stamp(one.created_at)} UTC ·{" "}
          {one.last_used_at === null ? "never used" : `last used ${stamp(one.last_used_at)} UTC`} ·{" "}
          {one.expires_at === null ? "no end" : `until ${stamp(one.expires_at)} UTC`}
          {one.ips.length > 0 && ` · only from ${one.ips.join(", ")}`}
        </>
      }
    >
      <Button size="tiny" look="danger" disabled={remove.isPending} onClick={() => { setAsking(true); }}>Delete</Button>
      <Confirm title="Delete this key?" open={asking} action="Delete it" look="sell" onClose={() => { setAsking(false); }} onConfirm={() => { remove.mutate(one.id); }}>
        <p>Programs that use <b>{one.name}</b> are refused from now on.</p>
      </Confirm>
    </Row>
  );
}
