import { useInfiniteQuery } from "@tanstack/react-query";

import { flat } from "../../shared/api/hooks";
import { doneOrdersQuery } from "../../shared/api/queries";
import type { Order } from "../../shared/api/types";
import { amount, quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { sideCell } from "./OpenOrders";
import { limitText, originText, STATE_TONES, stateText } from "./words";

const COLUMNS: Column<Order>[] = [
  { head: "Ended (UTC)", cell: (row) => <span title={row.id}>{stamp(row.updated_at)}</span> },
  { head: "Symbol", cell: (row) => row.symbol, from: "sm" },
  { head: "Side", cell: sideCell },
  { head: "Type", cell: (row) => `${row.type} ${row.time_in_force}`, from: "md" },
  { head: "Quantity", right: true, cell: (row) => quantity(row.qty) },
  { head: "Filled", right: true, cell: (row) => quantity(row.filled), from: "md" },
  { head: "Limit", right: true, cell: (row) => limitText(row), from: "lg" },
  { head: "Average price", right: true, cell: (row) => amount(row.average_price) },
  { head: "Fee USDT", right: true, cell: (row) => amount(row.fees), from: "md" },
  { head: "From", cell: (row) => originText(row.origin), from: "lg" },
  {
    head: "State",
    cell: (row) => (
      <Badge tone={STATE_TONES[row.state]} {...(row.reason === null ? {} : { title: row.reason })}>
        {stateText(row.state)}
      </Badge>
    ),
  },
  { head: "Reason", cell: (row) => <span className="text-dim">{row.reason ?? ""}</span>, from: "xl" },
];

export function OrderHistory() {
  const orders = useInfiniteQuery(doneOrdersQuery);
  const rows = flat(orders.data);
  return (
    <Answer query={orders} what="past orders" empty={{ when: () => rows.length === 0, show: <Empty title="No order has ended yet" /> }}>
      {() => (
        <DataTable
          label="Order history"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.id}
          more={{ has: orders.hasNextPage, busy: orders.isFetchingNextPage, load: () => void orders.fetchNextPage() }}
        />
      )}
    </Answer>
  );
}
