import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { securityEventsQuery } from "../../shared/api/admin";
import { flat } from "../../shared/api/hooks";
import type { SecurityEvent } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { sentence } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge, type Tone } from "../../shared/ui/Badge";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Field } from "../../shared/ui/Field";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Incidents } from "./Incidents";

const SEVERITIES: Record<string, Tone> = { info: "neutral", low: "accent", medium: "warn", warning: "warn", high: "down", critical: "down" };

export function SecurityEventsPage() {
  return (
    <PageBody title="Security events" lead="What looked wrong, and what was done about it.">
      <Incidents />
      <Events />
    </PageBody>
  );
}

function told(row: SecurityEvent): string {
  const said = Object.entries(row.detail).map(([name, value]) => `${name} ${String(value)}`);
  return [...said, row.ip === "" ? "" : `from ${row.ip}`].filter(Boolean).join(", ");
}

const COLUMNS: Column<SecurityEvent>[] = [
  { head: "Time (UTC)", cell: (row) => <span title={`event ${row.id}, request ${row.request_id}`}>{stamp(row.at)}</span> },
  { head: "Severity", cell: (row) => <Badge tone={SEVERITIES[row.severity] ?? "neutral"}>{row.severity}</Badge> },
  { head: "What", cell: (row) => sentence(row.kind) },
  { head: "About", from: "md", cell: (row) => <span className="block max-w-40 truncate" title={row.subject}>{row.subject || "–"}</span> },
  { head: "Detail", from: "md", cell: (row) => <span className="block max-w-80 truncate text-dim" title={told(row)}>{told(row)}</span> },
  { head: "Incident", from: "lg", cell: (row) => row.incident ?? "–" },
];

function Events() {
  const [kind, setKind] = useState("");
  const events = useInfiniteQuery(securityEventsQuery(kind));
  const rows = flat(events.data);
  return (
    <Panel title="Events" note="newest first" className="rounded-md" bare>
      <search className="border-b border-line p-3">
        <Field label="Kind" className="max-w-56" type="search" value={kind} maxLength={64} placeholder="any" onChange={(event) => { setKind(event.currentTarget.value.trim()); }} />
      </search>
      <Answer query={events} what="security events" empty={{ when: () => rows.length === 0, show: <Empty title="Nothing looked wrong" /> }}>
        {() => <DataTable label="Security events" columns={COLUMNS} rows={rows} rowKey={(row) => String(row.id)} more={{ has: events.hasNextPage, busy: events.isFetchingNextPage, load: () => void events.fetchNextPage() }} />}
      </Answer>
    </Panel>
  );
}
