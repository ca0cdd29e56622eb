import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { cancelAllOrders, cancelOrder } from "../../shared/api/actions";
import { openOrdersQuery } from "../../shared/api/queries";
import type { Order } from "../../shared/api/types";
import { quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { Age } from "../../shared/ui/Age";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Confirm } from "../../shared/ui/Dialog";
import { toast, toastFailure } from "../../shared/ui/toasts";
import { limitText, originText, STATE_TONES, stateText } from "./words";

export function sideCell(row: { side: Order["side"] }) {
  return <b className={row.side === "buy" ? "text-up" : "text-down"}>{row.side}</b>;
}

const COLUMNS: Column<Order>[] = [
  { head: "Sent (UTC)", cell: (row) => <span title={row.id}>{stamp(row.created_at)}</span>, from: "sm" },
  { head: "Symbol", cell: (row) => row.symbol },
  { head: "Side", cell: sideCell },
  { head: "Type", cell: (row) => `${row.type} ${row.time_in_force}`, from: "md" },
  { head: "Quantity", right: true, cell: (row) => quantity(row.qty) },
  { head: "Filled", right: true, cell: (row) => quantity(row.filled), from: "sm" },
  { head: "Price", right: true, cell: (row) => limitText(row) },
  { head: "From", cell: (row) => originText(row.origin), from: "lg" },
  { head: "State", cell: (row) => <Badge tone={STATE_TONES[row.state]}>{stateText(row.state)}</Badge> },
  { head: "Age", right: true, cell: (row) => <Age at={row.created_at} />, from: "lg" },
  { head: "Cancel", quietHead: true, right: true, cell: (row) => <Cancel order={row} /> },
];

function Cancel({ order }: { order: Order }) {
  const cancel = useMutation({
    mutationFn: () => cancelOrder(order.id),
    onError: (error) => {
      toastFailure("The order was not cancelled", error);
    },
  });
  return (
    <Button
      size="tiny"
      disabled={cancel.isPending}
      aria-label={`Cancel ${order.side} order of ${order.qty} ${order.symbol}`}
      onClick={() => {
        cancel.mutate();
      }}
    >
      Cancel
    </Button>
  );
}

export function OpenOrders() {
  const orders = useQuery(openOrdersQuery);
  return (
    <Answer
      query={orders}
      what="open orders"
      empty={{ when: (page) => page.items.length === 0, show: <Empty title="No open orders">Limit orders that wait for their price are listed here.</Empty> }}
    >
      {(page) => <DataTable label="Open orders" columns={COLUMNS} rows={page.items} rowKey={(row) => row.id} />}
    </Answer>
  );
}

export function CancelAll() {
  const count = useQuery(openOrdersQuery).data?.items.length ?? 0;
  const [asking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: cancelAllOrders,
    onSuccess: (page) => {
      toast("neutral", `${page.items.length} orders cancelled`);
    },
    onError: (error) => {
      toastFailure("The orders were not cancelled", error);
    },
  });
  if (count === 0) return null;
  return (
    <>
      <Button size="tiny" look="danger" onClick={() => { setAsking(true); }}>
        Cancel all
      </Button>
      <Confirm
        title="Cancel all open orders?"
        open={asking}
        action={`Cancel ${count} ${count === 1 ? "order" : "orders"}`}
        look="sell"
        onConfirm={() => { cancel.mutate(); }}
        onClose={() => { setAsking(false); }}
      >
        <p>Every order that is still waiting is taken back. What has filled stays filled.</p>
      </Confirm>
    </>
  );
}
