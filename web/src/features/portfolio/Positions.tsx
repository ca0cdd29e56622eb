import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { closePosition } from "../../shared/api/actions";
import { useWords } from "../../shared/api/hooks";
import { positionsQuery } from "../../shared/api/queries";
import type { Position } from "../../shared/api/types";
import { amount, direction, percent, quantity, signed, tone } from "../../shared/lib/format";
import { Since } from "../../shared/ui/Age";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Confirm } from "../../shared/ui/Dialog";
import { Unit } from "../../shared/ui/Facts";
import { toast, toastFailure } from "../../shared/ui/toasts";

const COLUMNS: Column<Position>[] = [
  { head: "Symbol", cell: (row) => <b>{row.symbol}</b> },
  { head: "Quantity", right: true, cell: (row) => <Quantity row={row} /> },
  { head: "Average", right: true, cell: (row) => amount(row.average_price), from: "md" },
  { head: "Last", right: true, cell: (row) => amount(row.last_price), from: "md" },
  { head: "Value USDT", right: true, cell: (row) => amount(row.value), from: "md" },
  {
    head: "Unrealised USDT",
    right: true,
    cell: (row) => (
      <span className={tone(row.unrealised)}>
        {signed(row.unrealised)} {row.unrealised_pct !== null && <span className="text-2xs">{percent(row.unrealised_pct)}</span>}
      </span>
    ),
  },
  { head: "Realised USDT", right: true, cell: (row) => <span className={tone(row.realised)}>{signed(row.realised)}</span>, from: "lg" },
  { head: "Fees USDT", right: true, cell: (row) => amount(row.fees), from: "lg" },
  { head: "Open for", right: true, cell: (row) => (direction(row.qty) === 0 ? "closed" : <Since at={row.opened_at} />), from: "xl" },
  { head: "Close", quietHead: true, right: true, cell: (row) => <Close row={row} /> },
];

function Quantity({ row }: { row: Position }) {
  const { base } = useWords(row.symbol);
  return (
    <>
      {quantity(row.qty)}
      <Unit>{base}</Unit>
    </>
  );
}

function Close({ row }: { row: Position }) {
  const [asking, setAsking] = useState(false);
  const close = useMutation({
    mutationFn: () => closePosition(row.symbol),
    onSuccess: (order) => {
      toast("accent", `Closing ${row.symbol}`, `${order.side} ${order.qty} at market, ${order.state}`);
    },
    onError: (error) => {
      toastFailure(`${row.symbol} was not closed`, error);
    },
  });
  if (direction(row.qty) === 0) return null;
  return (
    <>
      <Button size="tiny" disabled={close.isPending} aria-label={`Close the ${row.symbol} position`} onClick={() => { setAsking(true); }}>
        Close
      </Button>
      <Confirm title={`Close ${row.symbol}?`} open={asking} action="Close at market" look="sell" onConfirm={() => { close.mutate(); }} onClose={() => { setAsking(false); }}>
        <p className="whitespace-normal">
          A market order for {quantity(row.qty)} goes to Guardian and the venue now. The price may slip.
        </p>
      </Confirm>
    </>
  );
}

export function Positions() {
  const positions = useQuery(positionsQuery);
  return (
    <Answer
      query={positions}
      what="positions"
      empty={{
        when: (page) => page.items.length === 0,
        show: <Empty title="No position">Buy with the ticket (B), or switch automatic trading on in Account.</Empty>,
      }}
    >
      {(page) => <DataTable label="Positions" columns={COLUMNS} rows={page.items} rowKey={(row) => row.symbol} />}
    </Answer>
  );
}
