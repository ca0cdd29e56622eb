import { useInfiniteQuery } from "@tanstack/react-query";

import { flat } from "../../shared/api/hooks";
import { judgementsQuery } from "../../shared/api/queries";
import type { Judgement } from "../../shared/api/types";
import { amount, quantity } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Icon } from "../../shared/ui/Icon";

// More than this at once is a report to be read elsewhere, not a panel.
const MOST = 120;

export function Judgements() {
  const judgements = useInfiniteQuery(judgementsQuery);
  const rows = flat(judgements.data);
  return (
    <Answer
      query={judgements}
      what="Guardian's judgements"
      empty={{ when: () => rows.length === 0, show: <Empty title="Nothing judged yet">Every intent to trade is judged here before it becomes an order.</Empty> }}
    >
      {() => (
        <>
          <ul>
            {rows.slice(0, MOST).map((row) => (
              <Item key={row.id} row={row} />
            ))}
          </ul>
          {judgements.hasNextPage && rows.length < MOST && (
            <div className="p-2 text-center">
              <Button size="tiny" look="quiet" disabled={judgements.isFetchingNextPage} onClick={() => void judgements.fetchNextPage()}>
                Show older
              </Button>
            </div>
          )}
        </>
      )}
    </Answer>
  );
}

function Item({ row }: { row: Judgement }) {
  const passed = row.checks.filter((check) => check.ok).length;
  return (
    <li>
      <details className="border-b border-line/60">
        <summary className="flex min-h-8 list-none items-center gap-2.5 px-3 text-xs hover:bg-raised">
          <Badge tone={row.approved ? "up" : "down"}>{row.approved ? "APPROVED" : "REFUSED"}</Badge>
          <span className="whitespace-nowrap">
            <b className={row.side === "buy" ? "text-up" : "text-down"}>{row.side}</b> {quantity(row.qty)} {row.symbol}
            <span className="text-dim"> at {amount(row.price)}</span>
          </span>
          <span className="min-w-0 flex-1 truncate text-2xs text-dim">
            {row.approved ? `${passed} of ${row.checks.length} checks passed` : `${row.rule ?? "rule"}: ${row.detail}`}
          </span>
          <span className="text-2xs whitespace-nowrap text-dim">
            {row.origin} · {stamp(row.at)}
          </span>
        </summary>
        <ul className="grid gap-x-6 px-3 pt-1 pb-2 @xl:grid-cols-2" aria-label="Checks">
          {row.checks.map((check) => (
            <li key={check.rule} className="flex items-start gap-1.5 py-0.5 text-2xs">
              <Icon name={check.ok ? "check" : "close"} className={`mt-px size-3.5 ${check.ok ? "text-up" : "text-down"}`} />
              <span className="w-28 shrink-0 truncate" title={check.rule}>{check.rule}</span>
              <span className="sr-only">{check.ok ? "passed" : "refused"}</span>
              <span className="text-dim">{check.detail}</span>
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
