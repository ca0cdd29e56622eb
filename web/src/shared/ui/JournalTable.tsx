import type { JournalEntry } from "../api/types";
import { fullStamp, stamp } from "../lib/time";
import { Badge } from "./Badge";
import { DataTable, type Column } from "./DataTable";

/** What changed, as the trail tells it: names and values, shortest form. */
export function changes(entry: JournalEntry): string {
  const before = entry.before as Record<string, unknown>;
  const after = entry.after as Record<string, unknown>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.map((name) => change(name, before[name], after[name])).join(", ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function change(name: string, from: unknown, to: unknown): string {
  if (from === undefined) return `${name} ${text(to)}`;
  return to === undefined ? `${name} was ${text(from)}` : `${name} ${text(from)} → ${text(to)}`;
}

const columns = (me: string | undefined): Column<JournalEntry>[] => [
  { head: "Time (UTC)", cell: (row) => <span title={`${fullStamp(row.at)}, entry ${row.seq}, request ${row.request_id}`}>{stamp(row.at)}</span> },
  { head: "What", cell: (row) => <span className="flex items-center gap-1.5"><b className="font-medium">{row.action}</b>{!row.ok && <Badge tone="down">REFUSED</Badge>}</span> },
  { head: "By", from: "md", cell: (row) => <span className="block max-w-32 truncate" title={row.actor}>{row.actor === me ? "you" : row.actor}</span> },
  { head: "On", from: "lg", cell: (row) => <span className="block max-w-32 truncate text-dim" title={row.target}>{row.target || "–"}</span> },
  { head: "Changed", from: "md", cell: (row) => <span className="block max-w-56 truncate text-dim" title={changes(row)}>{changes(row) || "–"}</span> },
  { head: "From", from: "lg", cell: (row) => <span className="text-dim">{row.ip === "" ? "–" : row.ip}</span> },
];

interface JournalTableProps {
  label: string;
  rows: JournalEntry[];
  rowKey: (row: JournalEntry) => string;
  /** Whose entries read "you". */
  me?: string | undefined;
  more: { has: boolean; busy: boolean; load: () => void };
}

/** Entries of the audit trail; what does not fit is in the tooltips. */
export function JournalTable({ me, ...rest }: JournalTableProps) {
  return <DataTable columns={columns(me)} {...rest} />;
}
