import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { flat } from "../../shared/api/hooks";
import { ideasQuery, signalsQuery, signalStatsQuery } from "../../shared/api/queries";
import type { Signal, SignalStats, Timeframe } from "../../shared/api/types";
import { amount, percent, signed, tone } from "../../shared/lib/format";
import { stored } from "../../shared/lib/storage";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { outcomeText } from "./choose";
import { useMembership } from "./Membership";
import { DIRECTION_LOOKS } from "./Confidence";

const COLUMNS: Column<Signal>[] = [
  { head: "Time (UTC)", cell: (row) => stamp(row.at) },
  { head: "Direction", cell: (row) => <b className={DIRECTION_LOOKS[row.direction].ink}>{row.direction}</b> },
  { head: "Confidence", right: true, from: "md", cell: (row) => amount(row.confidence, 0) },
  { head: "Risk", right: true, from: "lg", cell: (row) => amount(row.risk_score, 0) },
  { head: "Price", right: true, cell: (row) => amount(row.price) },
  { head: "Stop", right: true, from: "lg", cell: (row) => amount(row.levels?.stop) },
  { head: "Target 1", right: true, from: "lg", cell: (row) => amount(row.levels?.targets[0]) },
  { head: "Outcome", cell: (row) => <span className="text-dim">{outcomeText(row)}</span> },
  { head: "Return", right: true, from: "md", cell: (row) => <span className={tone(row.outcome?.return_pct)}>{percent(row.outcome?.return_pct)}</span> },
  { head: "R", right: true, from: "sm", cell: (row) => <span className={tone(row.outcome?.r_multiple)}>{signed(row.outcome?.r_multiple)}</span> },
];

/** A HOLD comes with every bar: hidden unless wanted. */
const withHolds = stored<boolean>("holds", (raw) => raw === true);

export function SignalHistory({ symbol, timeframe }: { symbol: string; timeframe: Timeframe }) {
  const holds = withHolds.use();
  const { included, instead } = useMembership(timeframe);
  const wanted = holds ? signalsQuery(symbol, timeframe) : ideasQuery(symbol, timeframe);
  const signals = useInfiniteQuery({ ...wanted, enabled: included });
  const rows = flat(signals.data);
  if (!included) return instead;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-b border-line px-3 py-1.5 text-xs">
        <Statistics symbol={symbol} timeframe={timeframe} />
        <label className="flex items-center gap-1.5 text-dim">
          <input type="checkbox" className="accent-accent" checked={holds} onChange={(event) => { withHolds.write(event.currentTarget.checked); }} />
          HOLDs too
        </label>
      </div>
      <Answer
        query={signals}
        what="signals"
        empty={{ when: () => rows.length === 0, show: <Empty title={`No ${timeframe} ${holds ? "signal" : "BUY or SELL"} for ${symbol} yet`} /> }}
      >
        {() => (
          <DataTable
            label="Signal history"
            columns={COLUMNS}
            rows={rows}
            rowKey={(row) => row.id}
            more={{
              has: signals.hasNextPage,
              busy: signals.isFetchingNextPage,
              load: () => void signals.fetchNextPage(),
            }}
          />
        )}
      </Answer>
    </>
  );
}

/** Share of ended signals that won, as the server counted them. */
export function winRate(row: SignalStats): string {
  return row.ended === 0 ? "–" : `${Math.round((row.won / row.ended) * 100)} %`;
}

function Statistics({ symbol, timeframe }: { symbol: string; timeframe: Timeframe }) {
  const stats = useQuery(signalStatsQuery);
  const row = stats.data?.items.find((item) => item.symbol === symbol && item.timeframe === timeframe);
  if (row === undefined) return null;
  const facts = [
    ["Made", String(row.made)],
    ["Ended", String(row.ended)],
    ["Won", `${row.won} (${winRate(row)})`],
    ["Mean result", row.ended === 0 ? "–" : `${signed(row.mean_r)} R`],
  ];
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1" aria-label="Win statistics">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-dim">{name}</dt>
          <dd className="font-medium">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
