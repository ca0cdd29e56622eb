import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { closeDevice, devicesQuery } from "../../shared/api/people";
import { leave } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { Device } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { deviceName, METHODS } from "../../shared/lib/words";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm } from "../../shared/ui/Dialog";
import { Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

export function Devices() {
  const devices = useQuery(devicesQuery);
  const [asking, setAsking] = useState(false);
  return (
    <Panel
      title="Devices"
      note="signed in now"
      className="rounded-md"
      bare
      actions={<Button size="tiny" look="danger" onClick={() => { setAsking(true); }}>Sign out everywhere</Button>}
    >
      <Answer query={devices} what="your devices">
        {(page) => (
          <ul aria-label="Devices">
            {page.items.map((device) => (
              <OneDevice key={device.id} device={device} />
            ))}
          </ul>
        )}
      </Answer>
      <Confirm title="Sign out everywhere?" open={asking} action="Sign out everywhere" look="sell" onClose={() => { setAsking(false); }} onConfirm={() => void leave(true)}>
        <p>Every device is signed out, this one too. API keys go on working.</p>
      </Confirm>
    </Panel>
  );
}

function OneDevice({ device }: { device: Device }) {
  const close = useWrite(closeDevice, { refresh: [["devices"], ["audit"]], said: "The device is signed out", failed: "The device was not signed out" });
  return (
    <Row
      title={<span title={device.agent}>{deviceName(device.agent)}</span>}
      badges={device.current ? <Badge tone="up">THIS DEVICE</Badge> : undefined}
      detail={`${METHODS[device.method] ?? device.method} · ${device.ip} · since ${stamp(device.created_at)} UTC · last seen ${stamp(device.last_seen_at)} UTC`}
    >
      {device.current ? (
        <Button size="tiny" onClick={() => void leave()}>Sign out</Button>
      ) : (
        <Button size="tiny" look="danger" disabled={close.isPending} onClick={() => { close.mutate(device.id); }}>Sign out</Button>
      )}
    </Row>
  );
}
