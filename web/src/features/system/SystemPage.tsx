import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { feedQuery, systemQuery } from "../../shared/api/queries";
import type { Feed, StreamQuality, SystemCheck } from "../../shared/api/types";
import { amount } from "../../shared/lib/format";
import { fullStamp, stamp } from "../../shared/lib/time";
import { Age } from "../../shared/ui/Age";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge, type Tone } from "../../shared/ui/Badge";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Fact, Facts } from "../../shared/ui/Facts";
import { Icon } from "../../shared/ui/Icon";
import { Panel } from "../../shared/ui/Panel";

const TONES: Record<StreamQuality["state"], Tone> = { fresh: "up", stale: "warn", broken: "down" };

function count(value: number): string {
  return amount(String(value), 0);
}

const COLUMNS: Column<StreamQuality>[] = [
  { head: "Symbol", cell: (row) => <b>{row.symbol}</b> },
  { head: "State", cell: (row) => <Badge tone={TONES[row.state]}>{row.state}</Badge> },
  { head: "Reason", cell: (row) => <span className="whitespace-normal text-dim">{row.reason || "–"}</span> },
  { head: "Last (UTC)", cell: (row) => <>{stamp(row.last_at)} <span className="text-dim">(<Age at={row.last_at} />)</span></> },
  { head: "Bars", right: true, cell: (row) => count(row.bars) },
  { head: "Gaps", right: true, cell: (row) => count(row.gaps) },
  { head: "Backfilled", right: true, cell: (row) => count(row.backfilled) },
  { head: "Duplicates", right: true, cell: (row) => count(row.duplicates) },
  { head: "Out of order", right: true, cell: (row) => count(row.out_of_order) },
  { head: "Spikes", right: true, cell: (row) => count(row.spikes) },
];

/** Is the desk well? The same checks that `hydradesk doctor` makes. */
export function SystemPage() {
  const system = useQuery(systemQuery);
  const feed = useQuery(feedQuery);
  const bad = system.data?.items.filter((check) => !check.ok).length ?? 0;
  const verdict = bad === 0 ? "all well" : `${bad} ${bad === 1 ? "check fails" : "checks fail"}`;
  return (
    <main className="min-h-0 flex-1 overflow-auto">
    <div className="mx-auto grid w-full max-w-6xl gap-3 p-2 md:p-4">
      <Link to="/" className="text-xs text-accent hover:underline">← Back to the desk</Link>
      <Panel title="Checks" note={system.data === undefined ? undefined : verdict} className="rounded-md" bare>
        <Answer query={system} what="system checks" empty={{ when: (page) => page.items.length === 0, show: <Empty title="No checks reported" /> }}>
          {(page) => (
            <ul className="grid md:grid-cols-2">
              {page.items.map((check) => (
                <Check key={check.name} check={check} />
              ))}
            </ul>
          )}
        </Answer>
      </Panel>
      <Panel title="Streams" note="quality of what the feed delivers" className="rounded-md" bare>
        <Answer query={feed} what="stream quality" empty={{ when: (view) => view.streams.length === 0, show: <Empty title="No streams yet" /> }}>
          {(view) => <DataTable label="Stream quality" columns={COLUMNS} rows={view.streams} rowKey={(row) => row.symbol} />}
        </Answer>
      </Panel>
      <Panel title="Feed" className="rounded-md">
        <Answer query={feed} what="the feed">{(view) => <FeedFacts view={view} />}</Answer>
      </Panel>
    </div>
    </main>
  );
}

function Check({ check }: { check: SystemCheck }) {
  return (
    <li className="flex items-center gap-2.5 border-b border-line/60 px-3 py-2 text-xs">
      <Icon name={check.ok ? "check" : "warn"} className={`size-4 ${check.ok ? "text-up" : "text-down"}`} />
      <span className="w-32 shrink-0 font-medium">{check.name}</span>
      <span className="sr-only">{check.ok ? "is well" : "fails"}</span>
      <span className="min-w-0 text-dim">{check.detail}</span>
    </li>
  );
}

function FeedFacts({ view }: { view: Feed }) {
  return (
    <div className="max-w-xl">
    <Facts label="Feed">
      <Fact name="Source">{view.name} ({view.badge})</Fact>
      <Fact name="Session">{view.session}</Fact>
      <Fact name="Begins">{fullStamp(view.start)}</Fact>
      <Fact name="Ends">{view.end === null ? "open" : fullStamp(view.end)}</Fact>
      <Fact name="Desk clock">{fullStamp(view.clock)}</Fact>
      <Fact name="Wall clock">{fullStamp(view.wall)}</Fact>
      <Fact name="Speed">{view.speed}× {view.paused ? "(paused)" : ""}</Fact>
    </Facts>
    </div>
  );
}
