import type { CandlestickData, HistogramData, LineData, UTCTimestamp } from "lightweight-charts";

import type { Candle, IndicatorRow, Order, Page, Pattern, Signal, Timeframe, Trade } from "../../shared/api/types";
import { amount } from "../../shared/lib/format";
import { barStart, epochSeconds } from "../../shared/lib/time";
import type { InfiniteData } from "@tanstack/react-query";
import { faded, type Palette } from "./palette";

/** The chart is the one place where prices become floats to be drawn. */
function stampOf(iso: string): UTCTimestamp {
  return epochSeconds(iso) as UTCTimestamp;
}

/** Pages come newest first, rows within a page oldest first; a row on two pages is kept once. */
export function oldestFirst<T extends { open_time: string }>(pages: InfiniteData<Page<T>> | undefined): T[] {
  const rows = pages?.pages.toReversed().flatMap((page) => page.items) ?? [];
  return rows.filter((row, index) => index === 0 || (rows[index - 1]?.open_time ?? "") < row.open_time);
}

export function barPoint(candle: Candle): CandlestickData<UTCTimestamp> {
  return {
    time: stampOf(candle.open_time),
    open: Number(candle.open),
    high: Number(candle.high),
    low: Number(candle.low),
    close: Number(candle.close),
  };
}

export function volumePoint(candle: Candle, palette: Palette): HistogramData<UTCTimestamp> {
  const rising = Number(candle.close) >= Number(candle.open);
  return {
    time: stampOf(candle.open_time),
    value: Number(candle.volume),
    color: faded(rising ? palette.up : palette.down, 0.32),
  };
}

export function linePoint(row: IndicatorRow, pick: (row: IndicatorRow) => number | null) {
  const value = pick(row);
  const time = stampOf(row.open_time);
  return value === null ? { time } : ({ time, value } satisfies LineData<UTCTimestamp>);
}

export interface Mark {
  time: UTCTimestamp;
  position: "aboveBar" | "belowBar";
  shape: "arrowUp" | "arrowDown" | "circle" | "square";
  color: string;
  text?: string;
  size: number;
}

/** A decision is made when a bar closes: its mark belongs to that bar, not to the one that opens. */
function closedBar(iso: string, timeframe: Timeframe): UTCTimestamp {
  return barStart(epochSeconds(iso) - 1, timeframe) as UTCTimestamp;
}

export function patternMarks(patterns: readonly Pattern[], palette: Palette): Mark[] {
  return patterns.map((pattern) => ({
    time: stampOf(pattern.open_time),
    position: pattern.direction === "bullish" ? "belowBar" : "aboveBar",
    shape: "circle",
    color: faded(pattern.direction === "bullish" ? palette.up : pattern.direction === "bearish" ? palette.down : palette.dim, 0.6),
    size: 0.4,
  }));
}

export function signalMarks(signals: readonly Signal[], palette: Palette): Mark[] {
  return signals
    .filter((signal) => signal.direction !== "HOLD")
    .map((signal) => {
      const buy = signal.direction === "BUY";
      return {
        time: closedBar(signal.at, signal.timeframe),
        position: buy ? "belowBar" : "aboveBar",
        shape: buy ? "arrowUp" : "arrowDown",
        color: buy ? palette.up : palette.down,
        // Only the running one is spelled out: words on every arrow would cover the candles.
        ...(signal.status === "active" ? { text: `${signal.direction} ${amount(signal.confidence, 0)}` } : {}),
        size: 0.9,
      };
    });
}

/**
 * One mark a bar and side: an order that filled in ten parts is still one thing that was done. The
 * legend spells out the bar under the crosshair; words on every mark would cover the candles.
 */
export function fillMarks(trades: readonly Trade[], symbol: string, timeframe: Timeframe, palette: Palette): Mark[] {
  const groups = new Map<string, Trade[]>();
  for (const trade of trades) {
    if (trade.symbol !== symbol) continue;
    const key = `${barStart(epochSeconds(trade.at), timeframe)} ${trade.side}`;
    groups.set(key, [...(groups.get(key) ?? []), trade]);
  }
  return [...groups.values()].flatMap(([first]) =>
    first === undefined
      ? []
      : [{
          time: barStart(epochSeconds(first.at), timeframe) as UTCTimestamp,
          position: first.side === "buy" ? "belowBar" : "aboveBar",
          shape: "square",
          color: palette.accent,
          size: 0.6,
        }],
  );
}

/** In time order, without marks older than the first bar: the library would pile those up on it. */
export function arrange(marks: readonly Mark[], first: number | undefined): Mark[] {
  return marks.filter((mark) => first === undefined || mark.time >= first).toSorted((a, b) => a.time - b.time);
}

export interface PriceMark {
  price: number;
  title: string;
  color: string;
  dashed: boolean;
}

export function orderLines(orders: readonly Order[], symbol: string, palette: Palette): PriceMark[] {
  return orders.flatMap((order) =>
    order.symbol !== symbol || order.type === "market"
      ? []
      : [{
          price: Number(order.price),
          title: `${order.side} ${order.qty}`,
          color: order.side === "buy" ? palette.up : palette.down,
          dashed: false,
        }],
  );
}

export function signalLines(signal: Signal | undefined, palette: Palette): PriceMark[] {
  const levels = signal?.levels ?? null;
  if (signal?.status !== "active" || levels === null) return [];
  const targets = levels.targets.map((price, index) => ({ price: Number(price), title: `T${index + 1}`, color: palette.up, dashed: true }));
  return [{ price: Number(levels.stop), title: "Stop", color: palette.down, dashed: true }, ...targets];
}

export interface Zone {
  from: number;
  top: number;
  bottom: number;
  color: string;
}

/**
 * Risk and reward as areas that begin where the signal was made. The entry zone is none of them: on
 * short bars it is wider than both.
 */
export function signalZones(signal: Signal | undefined, palette: Palette): Zone[] {
  const levels = signal?.levels ?? null;
  if (signal?.status !== "active" || levels === null) return [];
  const from = closedBar(signal.at, signal.timeframe);
  const entry = Number(signal.price);
  const stop = Number(levels.stop);
  const end = Number(levels.targets.at(-1) ?? signal.price);
  const area = (a: number, b: number, color: string): Zone => ({ from, top: Math.max(a, b), bottom: Math.min(a, b), color });
  return [
    area(entry, end, faded(palette.up, 0.07)),
    area(entry, stop, faded(palette.down, 0.09)),
  ];
}

/** The signal whose plan is drawn: the newest that is still a trade idea. */
export function drawnSignal(signals: readonly Signal[]): Signal | undefined {
  return signals.find((signal) => signal.status === "active" && signal.direction !== "HOLD");
}
