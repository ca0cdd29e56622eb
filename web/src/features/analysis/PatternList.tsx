import { useInfiniteQuery } from "@tanstack/react-query";

import { flat } from "../../shared/api/hooks";
import { patternsQuery } from "../../shared/api/queries";
import type { Pattern, Timeframe } from "../../shared/api/types";
import { Age } from "../../shared/ui/Age";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Icon } from "../../shared/ui/Icon";
import { Panel } from "../../shared/ui/Panel";

const LOOKS = {
  bullish: { ink: "text-up", fill: "bg-up", icon: "up" },
  bearish: { ink: "text-down", fill: "bg-down", icon: "down" },
  neutral: { ink: "text-dim", fill: "bg-dim", icon: "pulse" },
} as const;

interface Props {
  symbol: string;
  timeframe: Timeframe;
  className?: string;
}

export function PatternList({ symbol, timeframe, className = "" }: Props) {
  const patterns = useInfiniteQuery(patternsQuery(symbol, timeframe));
  const rows = flat(patterns.data);
  return (
    <Panel title="Patterns" note={`${timeframe} candles`} className={className} bare>
      <Answer
        query={patterns}
        what="patterns"
        empty={{
          when: () => rows.length === 0,
          show: <Empty title="No pattern seen yet">Dojis, hammers, engulfings and stars appear here as bars close.</Empty>,
        }}
      >
        {() => (
          <>
            <ul>
              {rows.slice(0, 80).map((row) => (
                <Item key={`${row.open_time} ${row.pattern}`} row={row} />
              ))}
            </ul>
            {patterns.hasNextPage && rows.length < 80 && (
              <div className="p-2 text-center">
                <Button size="tiny" look="quiet" disabled={patterns.isFetchingNextPage} onClick={() => void patterns.fetchNextPage()}>
                  Show older
                </Button>
              </div>
            )}
          </>
        )}
      </Answer>
    </Panel>
  );
}

function Item({ row }: { row: Pattern }) {
  const look = LOOKS[row.direction];
  return (
    <li>
      <details className="group border-b border-line/60">
        <summary className="flex h-8 list-none items-center gap-2 px-3 text-xs hover:bg-raised">
          <Icon name={look.icon} className={`size-3.5 ${look.ink}`} />
          <span className="min-w-0 flex-1 truncate">{row.title}</span>
          <span
            className="h-1 w-10 overflow-hidden rounded-full bg-line"
            role="img"
            aria-label={`${row.direction}, strength ${row.strength} of 100`}
            title={`${row.direction}, strength ${row.strength} of 100`}
          >
            <span className={`block h-full ${look.fill}`} style={{ width: `${row.strength}%` }} />
          </span>
          <span className="w-16 text-right text-2xs whitespace-nowrap text-dim">
            <Age at={row.at} />
          </span>
        </summary>
        <p className="px-3 pb-2 pl-8 text-2xs leading-relaxed text-dim">
          {row.description} <span className="whitespace-nowrap">Strength {row.strength} of 100.</span>
        </p>
      </details>
    </li>
  );
}
