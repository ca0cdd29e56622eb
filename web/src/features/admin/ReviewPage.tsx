import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { allWithdrawalsQuery, decideWithdrawal } from "../../shared/api/withdrawalReview";
import { flat } from "../../shared/api/hooks";
import { useMay } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { Withdrawal } from "../../shared/api/types";
import { quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { WITHDRAWAL_TONES } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Select } from "../../shared/ui/forms";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Reasoned } from "./Reasoned";

const STATES = ["pending", "delayed", "approved", "done", "cancelled", "rejected"] as const;
const OPEN = new Set<Withdrawal["state"]>(["pending", "delayed"]);

/** Withdrawals of everybody, for those who decide. */
export function ReviewPage() {
  const [state, setState] = useState<Withdrawal["state"] | "">("");
  const [deciding, setDeciding] = useState<{ row: Withdrawal; approve: boolean } | null>(null);
  const withdrawals = useInfiniteQuery(allWithdrawalsQuery(state));
  const rows = flat(withdrawals.data);
  const columns = useColumns((row, approve) => { setDeciding({ row, approve }); });
  const options = [{ value: "", text: "every state" }, ...STATES.map((value) => ({ value, text: value }))];
  return (
    <PageBody title="Withdrawals" lead="What people asked for, and what is still to be decided.">
      <Panel title="Requests" className="rounded-md" bare>
        <search className="border-b border-line p-3">
          <Select label="State" className="w-40" value={state} options={options} onChange={(event) => { setState(STATES.find((one) => one === event.currentTarget.value) ?? ""); }} />
        </search>
        <Answer query={withdrawals} what="withdrawals" empty={{ when: () => rows.length === 0, show: <Empty title="No request in this state" /> }}>
          {() => <DataTable label="Withdrawals" columns={columns} rows={rows} rowKey={(row) => row.id} more={{ has: withdrawals.hasNextPage, busy: withdrawals.isFetchingNextPage, load: () => void withdrawals.fetchNextPage() }} />}
        </Answer>
      </Panel>
      {deciding !== null && <Decide {...deciding} onClose={() => { setDeciding(null); }} />}
    </PageBody>
  );
}

function useColumns(decide: (row: Withdrawal, approve: boolean) => void): Column<Withdrawal>[] {
  const mayDecide = useMay("admin:write");
  const columns: Column<Withdrawal>[] = [
    { head: "Asked (UTC)", cell: (row) => <span title={row.id}>{stamp(row.created_at)}</span> },
    { head: "Amount", right: true, cell: (row) => <>{quantity(row.qty)} <span className="text-dim">{row.asset}</span></> },
    { head: "To", from: "md", cell: (row) => <span className="block max-w-48 truncate font-mono" title={row.address}>{row.address}</span> },
    { head: "State", cell: (row) => <Badge tone={WITHDRAWAL_TONES[row.state] ?? "neutral"}>{row.state}</Badge> },
    { head: "Not before (UTC)", from: "lg", cell: (row) => stamp(row.releases_at) },
    { head: "Decided by", from: "lg", cell: (row) => <span className="text-dim">{row.decided_by ?? "–"}</span> },
  ];
  const actions = (row: Withdrawal) =>
    OPEN.has(row.state) && (
      <span className="flex justify-end gap-1">
        <Button size="tiny" look="danger" onClick={() => { decide(row, false); }}>Reject</Button>
        <Button size="tiny" look="accent" onClick={() => { decide(row, true); }}>Approve</Button>
      </span>
    );
  return mayDecide ? [...columns, { head: "Actions", quietHead: true, right: true, cell: actions }] : columns;
}

function Decide({ row, approve, onClose }: { row: Withdrawal; approve: boolean; onClose: () => void }) {
  const decide = useWrite(decideWithdrawal, { refresh: [["admin"], ["audit"]], said: approve ? "The withdrawal is approved" : "The withdrawal is rejected", onDone: onClose });
  const title = `${approve ? "Approve" : "Reject"} ${quantity(row.qty)} ${row.asset}`;
  return (
    <Reasoned title={title} action={approve ? "Approve" : "Reject"} look={approve ? "accent" : "sell"} open busy={decide.isPending} error={decide.error} onClose={onClose} onSend={(reason) => { decide.mutate({ id: row.id, approve, reason }); }}>
      <p className="text-xs text-dim">To <span className="font-mono [overflow-wrap:anywhere]">{row.address}</span></p>
    </Reasoned>
  );
}
