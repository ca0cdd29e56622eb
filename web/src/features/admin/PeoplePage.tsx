import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";

import { changePersonAsAdmin, peopleQuery, signOutPerson } from "../../shared/api/admin";
import { flat } from "../../shared/api/hooks";
import { useMay } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { AdminPerson, Person } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { KYC_TONES } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge, type Tone } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Field } from "../../shared/ui/Field";
import { Select } from "../../shared/ui/forms";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Reasoned } from "./Reasoned";

const ROLES = ["user", "pro", "premium", "support", "admin", "service"] as const;
const STATUSES = ["active", "suspended", "erased"] as const;
const STATUS_TONES: Record<string, Tone> = { active: "up", suspended: "down", erased: "neutral" };
const CHANGED = [["admin"], ["audit"]];

function choices(all: string, values: readonly string[]) {
  return [{ value: "", text: all }, ...values.map((value) => ({ value, text: value }))];
}

export function PeoplePage() {
  const [filter, setFilter] = useState({ query: "", role: "", status: "" });
  const [deciding, setDeciding] = useState<{ person: Person; what: "change" | "out" } | null>(null);
  const people = useInfiniteQuery(peopleQuery(useDeferredValue(filter)));
  const rows = flat(people.data);
  const columns = useColumns((person, what) => { setDeciding({ person, what }); });
  return (
    <PageBody title="People">
      <Panel title="Everybody" className="rounded-md" bare>
        <search className="grid gap-2 border-b border-line p-3 sm:grid-cols-[minmax(0,1fr)_9rem_9rem]">
          <Field label="Name, e-mail or id" type="search" value={filter.query} maxLength={100} onChange={(event) => { setFilter({ ...filter, query: event.currentTarget.value }); }} />
          <Select label="Role" value={filter.role} options={choices("any role", ROLES)} onChange={(event) => { setFilter({ ...filter, role: event.currentTarget.value }); }} />
          <Select label="Status" value={filter.status} options={choices("any status", STATUSES)} onChange={(event) => { setFilter({ ...filter, status: event.currentTarget.value }); }} />
        </search>
        <Answer query={people} what="people" empty={{ when: () => rows.length === 0, show: <Empty title="Nobody fits" /> }}>
          {() => <DataTable label="People" columns={columns} rows={rows} rowKey={(row) => row.person.id} more={{ has: people.hasNextPage, busy: people.isFetchingNextPage, load: () => void people.fetchNextPage() }} />}
        </Answer>
      </Panel>
      {deciding?.what === "change" && <Change person={deciding.person} onClose={() => { setDeciding(null); }} />}
      {deciding?.what === "out" && <SignOut person={deciding.person} onClose={() => { setDeciding(null); }} />}
    </PageBody>
  );
}

function useColumns(decide: (person: Person, what: "change" | "out") => void): Column<AdminPerson>[] {
  const mayChange = useMay("admin:write");
  const columns: Column<AdminPerson>[] = [
    {
      head: "Person",
      cell: (row) => (
        <span className="block max-w-56 py-1 leading-tight">
          <b className="block truncate font-medium">{row.person.name}</b>
          <span className="block truncate text-2xs text-dim" title={row.person.id}>{row.person.email ?? row.person.id}</span>
        </span>
      ),
    },
    { head: "Role", cell: (row) => row.person.role },
    { head: "Status", from: "sm", cell: (row) => <Badge tone={STATUS_TONES[row.person.status] ?? "neutral"}>{row.person.status}</Badge> },
    { head: "Identity", from: "md", cell: (row) => <Badge tone={KYC_TONES[row.person.kyc] ?? "neutral"}>{row.person.kyc} {row.person.kyc_level}</Badge> },
    { head: "Ways in", right: true, from: "lg", cell: (row) => row.credentials },
    { head: "Sessions", right: true, from: "md", cell: (row) => row.sessions },
    { head: "Last seen (UTC)", from: "lg", cell: (row) => stamp(row.last_seen_at) },
  ];
  const actions = (row: AdminPerson) => (
    <span className="flex justify-end gap-1">
      <Button size="tiny" disabled={row.person.status === "erased"} onClick={() => { decide(row.person, "change"); }}>Change</Button>
      <Button size="tiny" disabled={row.sessions === 0} onClick={() => { decide(row.person, "out"); }}>Sign out</Button>
    </span>
  );
  return mayChange ? [...columns, { head: "Actions", quietHead: true, right: true, cell: actions }] : columns;
}

function Change({ person, onClose }: { person: Person; onClose: () => void }) {
  const [role, setRole] = useState<string>(person.role);
  const [status, setStatus] = useState<string>(person.status);
  const change = useWrite(changePersonAsAdmin, { refresh: CHANGED, said: `${person.name} is changed`, onDone: onClose });
  const wanted = {
    ...(role === person.role ? {} : { role: ROLES.find((one) => one === role) ?? "user" }),
    ...(status === person.status ? {} : { status: status === "suspended" ? ("suspended" as const) : ("active" as const) }),
  };
  return (
    <Reasoned title={`Change ${person.name}`} action="Change" open busy={change.isPending} error={change.error} onClose={onClose} onSend={(reason) => { change.mutate({ id: person.id, ...wanted, reason }); }}>
      <div className="grid grid-cols-2 gap-3">
        <Select label="Role" value={role} options={ROLES.map((value) => ({ value, text: value }))} onChange={(event) => { setRole(event.currentTarget.value); }} />
        <Select label="Status" value={status} options={[{ value: "active", text: "active" }, { value: "suspended", text: "suspended" }]} onChange={(event) => { setStatus(event.currentTarget.value); }} />
      </div>
      <p className="text-2xs text-dim">A suspended person is signed out and cannot come in; nothing of theirs is deleted.</p>
    </Reasoned>
  );
}

function SignOut({ person, onClose }: { person: Person; onClose: () => void }) {
  const out = useWrite(signOutPerson, { refresh: CHANGED, said: `${person.name} is signed out`, onDone: onClose });
  return (
    <Reasoned title={`Sign ${person.name} out`} action="Sign out everywhere" look="sell" open busy={out.isPending} error={out.error} onClose={onClose} onSend={(reason) => { out.mutate({ id: person.id, reason }); }}>
      <p className="text-xs text-dim">Every device of {person.name} is signed out at once.</p>
    </Reasoned>
  );
}
