import { useInfiniteQuery } from "@tanstack/react-query";

import { flat, useWords } from "../../shared/api/hooks";
import { tradesQuery } from "../../shared/api/queries";
import type { Trade } from "../../shared/api/types";
import { amount, quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Unit } from "../../shared/ui/Facts";
import { Icon } from "../../shared/ui/Icon";

const ORIGINS: Record<Trade["origin"], string> = { manual: "you", signal: "signal", close: "close" };

function Quantity({ row }: { row: Trade }) {
  const { base } = useWords(row.symbol);
  return (
    <>
      {quantity(row.qty)}
      <Unit>{base}</Unit>
    </>
  );
}

const COLUMNS: Column<Trade>[] = [
  { head: "Time (UTC)", cell: (row) => <span title={`${row.id}, order ${row.order_id}`}>{stamp(row.at)}</span> },
  { head: "Symbol", cell: (row) => row.symbol, from: "sm" },
  { head: "Side", cell: (row) => <b className={row.side === "buy" ? "text-up" : "text-down"}>{row.side}</b> },
  { head: "Quantity", right: true, cell: (row) => <Quantity row={row} /> },
  { head: "Price USDT", right: true, cell: (row) => amount(row.price) },
  { head: "Notional USDT", right: true, cell: (row) => amount(row.notional), from: "md" },
  { head: "Fee USDT", right: true, cell: (row) => amount(row.fee, 4), from: "md" },
  { head: "From", cell: (row) => ORIGINS[row.origin], from: "md" },
];

export function Trades() {
  const trades = useInfiniteQuery(tradesQuery);
  const rows = flat(trades.data);
  return (
    <Answer
      query={trades}
      what="trades"
      empty={{ when: () => rows.length === 0, show: <Empty title="No trade yet">Every fill is listed here, with its fee.</Empty> }}
    >
      {() => (
        <DataTable
          label="Trade history"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.id}
          more={{ has: trades.hasNextPage, busy: trades.isFetchingNextPage, load: () => void trades.fetchNextPage() }}
        />
      )}
    </Answer>
  );
}

/** The server writes the file, so that it holds every trade and not only those on the screen. */
export function TradesDownload() {
  return (
    <a
      href="/api/trades.csv"
      download
      className="inline-flex h-6 items-center gap-1.5 rounded border border-line bg-raised px-2 text-2xs hover:border-edge"
    >
      <Icon name="download" className="size-3.5" />
      CSV
    </a>
  );
}
