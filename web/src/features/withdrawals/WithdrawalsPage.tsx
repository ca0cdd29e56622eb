import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { flat } from "../../shared/api/hooks";
import { freshKey } from "../../shared/api/client";
import { kycQuery } from "../../shared/api/kyc";
import { addressesQuery, cancelWithdrawal, requestWithdrawal, withdrawalsQuery } from "../../shared/api/withdrawals";
import { SilentDesk } from "../../shared/api/problem";
import { portfolioQuery } from "../../shared/api/queries";
import { useWrite } from "../../shared/api/useWrite";
import type { Address, Withdrawal } from "../../shared/api/types";
import { amount, quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { KYC_LEVELS, WITHDRAWAL_TONES } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Confirm } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, Select, Send } from "../../shared/ui/forms";
import { about, Notice, Refusal } from "../../shared/ui/Notice";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Addresses } from "./Addresses";

const CHANGED = [["withdrawals"], ["portfolio"], ["audit"]];

export function WithdrawalsPage() {
  return (
    <PageBody title="Withdrawals" lead="From the paper ledger to addresses of your own: requested, delayed, decided, then paid. Play money all the way.">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <Ask />
        <Addresses />
      </div>
      <History />
    </PageBody>
  );
}

function Ask() {
  const addresses = useQuery(addressesQuery);
  const level = useQuery(kycQuery).data?.level;
  return (
    <Panel title="Request a withdrawal" className="rounded-md">
      <Answer query={addresses} what="your addresses" empty={{ when: (page) => page.items.length === 0, show: <Empty title="Add an address first">Money leaves only to addresses that you allowed beforehand.</Empty> }}>
        {(page) => (
          <div className="space-y-3">
            {level === 0 && <Notice tone="warn">Your identity is {KYC_LEVELS[0]} yet: withdrawals are limited, or refused, until it is.</Notice>}
            <RequestForm addresses={page.items} />
          </div>
        )}
      </Answer>
    </Panel>
  );
}

/** The key changes with what is asked for: asking again after silence withdraws once. */
function useRequest(onDone: () => void) {
  const attempt = useRef({ content: "", key: "" });
  return useWrite(
    async (body: { asset: string; qty: string; address_id: string }) => {
      const content = JSON.stringify(body);
      if (attempt.current.content !== content) attempt.current = { content, key: freshKey() };
      try {
        const made = await requestWithdrawal(body, attempt.current.key);
        attempt.current = { content: "", key: "" };
        return made;
      } catch (error) {
        if (!(error instanceof SilentDesk)) attempt.current = { content: "", key: "" };
        throw error;
      }
    },
    { refresh: CHANGED, said: "The withdrawal is requested", onDone },
  );
}

function RequestForm({ addresses }: { addresses: readonly Address[] }) {
  const portfolio = useQuery(portfolioQuery).data;
  const [to, setTo] = useState(addresses[0]?.id ?? "");
  const [qty, setQty] = useState("");
  const request = useRequest(() => { setQty(""); });
  const chosen = addresses.find((one) => one.id === to) ?? addresses[0];
  return (
    <Form
      label="Request a withdrawal"
      onSend={() => {
        if (chosen !== undefined && qty.trim() !== "" && !request.isPending) request.mutate({ asset: chosen.asset, qty: qty.trim(), address_id: chosen.id });
      }}
    >
      <Refusal error={request.error} fields={["qty", "address_id"]} />
      <Select
        label="To"
        value={chosen?.id ?? ""}
        options={addresses.map((one) => ({ value: one.id, text: `${one.label} · ${one.asset} · ${short(one.address)}` }))}
        onChange={(event) => { setTo(event.currentTarget.value); }}
      />
      <Field
        label="Amount"
        name="qty"
        inputMode="decimal"
        unit={chosen?.asset ?? ""}
        value={qty}
        placeholder="0"
        problem={about(request.error, "qty") ?? about(request.error, "address_id")}
        aside={portfolio !== undefined && <>cash {amount(portfolio.cash)} {portfolio.asset}</>}
        onChange={(event) => { setQty(event.currentTarget.value.replace(",", ".")); }}
      />
      <Send busy={request.isPending} size="full">Request</Send>
    </Form>
  );
}

export function short(address: string): string {
  return address.length <= 16 ? address : `${address.slice(0, 7)}…${address.slice(-6)}`;
}

const COLUMNS: Column<Withdrawal>[] = [
  { head: "Asked (UTC)", cell: (row) => stamp(row.created_at) },
  { head: "Amount", right: true, cell: (row) => <>{quantity(row.qty)} <span className="text-dim">{row.asset}</span></> },
  { head: "To", from: "md", cell: (row) => <span className="font-mono" title={row.address}>{short(row.address)}</span> },
  { head: "State", cell: (row) => <Badge tone={WITHDRAWAL_TONES[row.state] ?? "neutral"} {...(row.reason === null ? {} : { title: row.reason })}>{row.state}</Badge> },
  { head: "Not before (UTC)", from: "lg", cell: (row) => stamp(row.releases_at) },
  { head: "Why", from: "lg", cell: (row) => <span className="text-dim">{row.reason ?? "–"}</span> },
  { head: "Actions", quietHead: true, right: true, cell: (row) => <Cancel row={row} /> },
];

const OPEN = new Set<Withdrawal["state"]>(["pending", "delayed", "approved"]);

function Cancel({ row }: { row: Withdrawal }) {
  const [asking, setAsking] = useState(false);
  const cancel = useWrite(cancelWithdrawal, { refresh: CHANGED, said: "The withdrawal is cancelled", failed: "The withdrawal was not cancelled" });
  if (!OPEN.has(row.state)) return null;
  return (
    <>
      <Button size="tiny" disabled={cancel.isPending} onClick={() => { setAsking(true); }}>Cancel</Button>
      <Confirm title="Cancel this withdrawal?" open={asking} action="Cancel it" onClose={() => { setAsking(false); }} onConfirm={() => { cancel.mutate(row.id); }}>
        <p>{quantity(row.qty)} {row.asset} stay in your account.</p>
      </Confirm>
    </>
  );
}

function History() {
  const withdrawals = useInfiniteQuery(withdrawalsQuery);
  const rows = flat(withdrawals.data);
  return (
    <Panel title="Requests" className="rounded-md" bare>
      <Answer query={withdrawals} what="withdrawals" empty={{ when: () => rows.length === 0, show: <Empty title="No withdrawal yet" /> }}>
        {() => (
          <DataTable label="Withdrawals" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} more={{ has: withdrawals.hasNextPage, busy: withdrawals.isFetchingNextPage, load: () => void withdrawals.fetchNextPage() }} />
        )}
      </Answer>
    </Panel>
  );
}
