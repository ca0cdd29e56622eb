import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { useWords } from "../../shared/api/hooks";
import { liveBarQuery } from "../../shared/api/queries";
import type { Candle, IndicatorRow, Pattern, Timeframe, Trade } from "../../shared/api/types";
import { amount, compactDecimal, plain, quantity } from "../../shared/lib/format";
import { barStart, epochSeconds } from "../../shared/lib/time";
import { useHover, type Hover } from "./hover";
import { LINES, type Shown } from "./overlays";
import type { PaletteName } from "./palette";

const INKS: Partial<Record<PaletteName, string>> = {
  warn: "text-warn",
  accent: "text-accent",
  violet: "text-violet",
  teal: "text-teal",
  dim: "text-dim",
  ink: "text-ink",
};

interface Props {
  symbol: string;
  timeframe: Timeframe;
  bars: Candle[];
  rows: IndicatorRow[];
  patterns: Pattern[];
  trades: Trade[];
  shown: Shown;
  hover: Hover;
}

function byTime<T extends { open_time: string }>(rows: readonly T[]): Map<number, T> {
  return new Map(rows.map((row) => [epochSeconds(row.open_time), row]));
}

/** Values of the bar under the crosshair, else of the newest bar. */
export function Legend(props: Props) {
  const { symbol, timeframe, bars, rows, patterns, trades, shown, hover } = props;
  const time = useHover(hover);
  const live = useQuery(liveBarQuery(symbol, timeframe)).data;
  const barsByTime = useMemo(() => byTime(bars), [bars]);
  const rowsByTime = useMemo(() => byTime(rows), [rows]);
  const bar = time === null ? (live ?? bars.at(-1)) : (barsByTime.get(time) ?? live ?? undefined);
  const row = time === null ? rows.at(-1) : rowsByTime.get(time);
  const seen = time === null ? [] : patterns.filter((pattern) => epochSeconds(pattern.open_time) === time);
  return (
    <div className="pointer-events-none absolute inset-x-0 top-0 z-10 flex flex-col gap-0.5 p-2 pr-20 text-2xs">
      {bar !== undefined && <BarValues symbol={symbol} bar={bar} />}
      <div className="flex flex-wrap gap-x-3">
        {LINES.filter((line) => shown[line.group]).map((line) => (
          <span key={line.id} className={INKS[line.ink] ?? "text-dim"}>
            {line.name} {plain(row === undefined ? null : line.pick(row))}
          </span>
        ))}
      </div>
      {shown.patterns && seen.length > 0 && (
        <p className="text-ink">{seen.map((pattern) => `${pattern.title} (${pattern.direction}, ${pattern.strength})`).join(" · ")}</p>
      )}
      {shown.fills && time !== null && <Fills trades={trades.filter((trade) => fellIn(trade, symbol, timeframe, time))} />}
    </div>
  );
}

function fellIn(trade: Trade, symbol: string, timeframe: Timeframe, time: number): boolean {
  return trade.symbol === symbol && barStart(epochSeconds(trade.at), timeframe) === time;
}

const FILLS_SPELLED_OUT = 3;

function Fills({ trades }: { trades: Trade[] }) {
  if (trades.length === 0) return null;
  const more = trades.length - FILLS_SPELLED_OUT;
  const words = trades.slice(0, FILLS_SPELLED_OUT).map((trade) => `${trade.side === "buy" ? "Bought" : "Sold"} ${quantity(trade.qty)} at ${amount(trade.price)}`);
  return <p className="text-accent">{[...words, ...(more > 0 ? [`${more} more`] : [])].join(" · ")}</p>;
}

function BarValues({ symbol, bar }: { symbol: string; bar: Candle }) {
  const { pricePlaces, base } = useWords(symbol);
  const change = ((Number(bar.close) - Number(bar.open)) / Number(bar.open)) * 100;
  const ink = change >= 0 ? "text-up" : "text-down";
  const values = [
    ["O", bar.open],
    ["H", bar.high],
    ["L", bar.low],
    ["C", bar.close],
  ] as const;
  return (
    <div className="flex flex-wrap gap-x-2.5">
      {values.map(([name, value]) => (
        <span key={name} className="text-dim">
          {name} <span className={ink}>{amount(value, pricePlaces)}</span>
        </span>
      ))}
      <span className={ink}>{change >= 0 ? "+" : ""}{plain(change)} %</span>
      <span className="text-dim">
        Vol <span className="text-ink">{compactDecimal(bar.volume)}</span> {base}
      </span>
    </div>
  );
}
