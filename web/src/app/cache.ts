import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import type { StreamMessage } from "../shared/api/live";
import { hearClock, hearInstant } from "../shared/lib/clock";
import { isRecord, oneOf } from "../shared/lib/storage";
import { epochSeconds, timeframeSeconds } from "../shared/lib/time";
import { doneOrdersQuery, equityQuery, feedQuery, openOrdersQuery, portfolioQuery, positionsQuery } from "../shared/api/queries";
import {
  TIMEFRAMES,
  type Candle,
  type EquityPoint,
  type Feed,
  type IndicatorRow,
  type Judgement,
  type LiveBar,
  type Order,
  type Page,
  type Pattern,
  type Portfolio,
  type Position,
  type PriceTick,
  type Signal,
  type Trade,
} from "../shared/api/types";

type Pages<T> = InfiniteData<Page<T>>;

interface Timed {
  open_time: string;
}

const DONE: ReadonlySet<Order["state"]> = new Set(["filled", "cancelled", "rejected", "expired"]);

function isList(data: unknown): data is { items: unknown[] } {
  return isRecord(data) && Array.isArray(data.items);
}

/** A snapshot of a list topic carries many rows, a delta one. */
function rowsOf(message: StreamMessage): unknown[] {
  return isList(message.data) ? message.data.items : [message.data];
}

/** Puts `row` first, or in its old place when it is known; an older version never wins. */
export function mergeFirst<T>(pages: Pages<T> | undefined, row: T, id: (row: T) => string, version: (row: T) => number) {
  if (pages === undefined) return undefined;
  const wanted = id(row);
  const known = pages.pages.some((page) => page.items.some((old) => id(old) === wanted));
  const [head, ...rest] = pages.pages;
  if (!known && head !== undefined) return { ...pages, pages: [{ ...head, items: [row, ...head.items] }, ...rest] };
  const newer = (old: T) => (id(old) === wanted && version(old) <= version(row) ? row : old);
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: page.items.map(newer) })) };
}

/** Adds a closed bar at the young end of the first page, or replaces the bar of that time. */
export function mergeLast<T extends Timed>(pages: Pages<T> | undefined, row: T): Pages<T> | undefined {
  const [head, ...rest] = pages?.pages ?? [];
  if (pages === undefined || head === undefined) return undefined;
  const last = head.items.at(-1);
  if (last === undefined || last.open_time < row.open_time) {
    return { ...pages, pages: [{ ...head, items: [...head.items, row] }, ...rest] };
  }
  const items = head.items.map((old) => (old.open_time === row.open_time ? row : old));
  return { ...pages, pages: [{ ...head, items }, ...rest] };
}

/**
 * True when bars are missing between the newest known one and `row`: one that closed while the list
 * was still on its way here. The exchange may have such holes too; asking again once does no harm.
 */
export function leavesHole(pages: Pages<Timed> | undefined, row: Timed, timeframe: string): boolean {
  const last = pages?.pages[0]?.items.at(-1);
  const length = timeframeSeconds(oneOf(TIMEFRAMES, timeframe, "1m"));
  return last !== undefined && epochSeconds(row.open_time) - epochSeconds(last.open_time) > length;
}

/** Adds a closed row to its history, and asks for the whole history where it does not fit. */
function writeClosed(client: QueryClient, key: readonly [string, string, string], row: Timed): void {
  const hole = leavesHole(client.getQueryData<Pages<Timed>>(key), row, key[2]);
  client.setQueryData<Pages<Timed>>(key, (pages) => mergeLast(pages, row));
  if (hole) void client.invalidateQueries({ queryKey: key });
}

export function mergeOpenOrder(page: Page<Order> | undefined, order: Order): Page<Order> | undefined {
  if (page === undefined) return undefined;
  const old = page.items.find((item) => item.id === order.id);
  if (old !== undefined && old.version > order.version) return page;
  const others = page.items.filter((item) => item.id !== order.id);
  return { ...page, items: DONE.has(order.state) ? others : [order, ...others] };
}

export function mergePosition(page: Page<Position> | undefined, row: Position): Page<Position> | undefined {
  if (page === undefined) return undefined;
  const others = page.items.filter((item) => item.symbol !== row.symbol);
  return { ...page, items: [...others, row].sort((a, b) => a.symbol.localeCompare(b.symbol)) };
}

const MOST_POINTS = 600;

export function mergeEquity(page: Page<EquityPoint> | undefined, point: EquityPoint): Page<EquityPoint> | undefined {
  const last = page?.items.at(-1);
  if (page === undefined || (last !== undefined && Date.parse(last.at) >= Date.parse(point.at))) return page;
  return { ...page, items: [...page.items, point].slice(-MOST_POINTS) };
}

function invalidate(client: QueryClient, ...families: string[]): void {
  for (const family of families) void client.invalidateQueries({ queryKey: [family] });
}

function writeOrder(client: QueryClient, order: Order): void {
  client.setQueryData(openOrdersQuery.queryKey, (page) => mergeOpenOrder(page, order));
  client.setQueryData<Order>(["order", order.id], order);
  if (!DONE.has(order.state)) return;
  client.setQueryData<Pages<Order>>(doneOrdersQuery.queryKey, (pages) =>
    mergeFirst(pages, order, (row) => row.id, (row) => row.version),
  );
}

function writeCandle(client: QueryClient, topic: string, data: unknown): void {
  const [, symbol = "", timeframe = ""] = topic.split(":");
  const bar = data as LiveBar | null;
  client.setQueryData(["bar", symbol, timeframe], bar);
  if (bar?.closed !== true) return;
  const { open_time, open, high, low, close, volume } = bar;
  const closed: Candle = { open_time, open, high, low, close, volume };
  writeClosed(client, ["candles", symbol, timeframe], closed);
}

function writePrice(client: QueryClient, tick: PriceTick): void {
  if (tick.at !== null) hearInstant(tick.at);
  client.setQueryData<PriceTick>(["price", tick.symbol], tick);
}

function writeIndicators(client: QueryClient, message: StreamMessage): void {
  const [, symbol = "", timeframe = ""] = message.topic.split(":");
  for (const row of rowsOf(message) as (IndicatorRow | null)[]) {
    if (row !== null) writeClosed(client, ["indicators", symbol, timeframe], row);
  }
}

function writeSignal(client: QueryClient, signal: Signal): void {
  for (const list of signal.direction === "HOLD" ? ["signals"] : ["signals", "ideas"]) {
    client.setQueryData<Pages<Signal>>([list, signal.symbol, signal.timeframe], (pages) =>
      mergeFirst(pages, signal, (row) => row.id, (row) => row.version),
    );
  }
}

function writePattern(client: QueryClient, row: Pattern): void {
  const id = (pattern: Pattern) => `${pattern.open_time} ${pattern.pattern}`;
  client.setQueryData<Pages<Pattern>>(["patterns", row.symbol, row.timeframe], (pages) =>
    mergeFirst(pages, row, id, () => 0),
  );
}

function writeTrade(client: QueryClient, trade: Trade): void {
  client.setQueryData<Pages<Trade>>(["trades"], (pages) => mergeFirst(pages, trade, (row) => row.id, () => 0));
}

/** The account at a glance is also the newest point of its curve. */
function writePortfolio(client: QueryClient, view: Portfolio): void {
  client.setQueryData(portfolioQuery.queryKey, view);
  const { at, equity, cash, exposure } = view;
  client.setQueryData(equityQuery.queryKey, (page) => mergeEquity(page, { at, equity, cash, exposure }));
}

function writeRisk(client: QueryClient, row: unknown): void {
  if (isRecord(row) && row.kind === "judged") {
    const judgement = row as unknown as Judgement;
    client.setQueryData<Pages<Judgement>>(["judgements"], (pages) => mergeFirst(pages, judgement, (j) => j.id, () => 0));
  }
}

type Writer = (client: QueryClient, message: StreamMessage) => void;

/** The contract fixes what a topic carries; this is where a row is taken at its word. */
function each(write: (client: QueryClient, row: never) => void): Writer {
  return (client, message) => {
    for (const row of rowsOf(message)) write(client, row as never);
  };
}

const WRITERS: Record<string, Writer> = {
  feed: (client, message) => {
    hearClock(message.data as Feed);
    client.setQueryData(feedQuery.queryKey, message.data as Feed);
  },
  prices: each(writePrice),
  candles: (client, message) => {
    writeCandle(client, message.topic, message.data);
  },
  indicators: writeIndicators,
  patterns: each(writePattern),
  signals: each(writeSignal),
  orders: each(writeOrder),
  trades: each(writeTrade),
  positions: each((client, row: Position) => {
    client.setQueryData(positionsQuery.queryKey, (page) => mergePosition(page, row));
  }),
  portfolio: each(writePortfolio),
  risk: each(writeRisk),
};

/** Queries that a message makes out of date without carrying their new value. */
const ANNOUNCES: Record<string, string[]> = {
  signals: ["signal-stats"],
  trades: ["equity", "limits"],
  orders: ["limits"],
  risk: ["limits"],
};

function family(topic: string): string {
  return topic.split(":", 1)[0] ?? topic;
}

/** Streams write into the cache; what cannot be written is announced and refetched, once per batch. */
export function writeBatch(client: QueryClient, messages: StreamMessage[]): void {
  const announced = new Set<string>();
  for (const message of latestPrices(messages)) {
    const kind = family(message.topic);
    WRITERS[kind]?.(client, message);
    for (const query of message.type === "delta" ? (ANNOUNCES[kind] ?? []) : []) announced.add(query);
  }
  invalidate(client, ...announced);
}

/** Of several prices of one symbol in one batch only the last is worth a render. */
export function latestPrices(messages: StreamMessage[]): StreamMessage[] {
  const seen = new Set<string>();
  return messages
    .toReversed()
    .filter((message) => {
      if (message.topic !== "prices" || message.type !== "delta") return true;
      const { symbol } = message.data as PriceTick;
      return !seen.has(symbol) && Boolean(seen.add(symbol));
    })
    .toReversed();
}

/** Which queries a fresh snapshot may have a hole in front of, after the line was down. */
const BEHIND: Record<string, string[]> = {
  candles: ["candles"],
  indicators: ["indicators"],
  patterns: ["patterns"],
  signals: ["signals", "ideas", "signal-stats"],
  orders: ["orders", "limits"],
  trades: ["trades", "equity"],
  positions: ["positions"],
  risk: ["judgements", "limits"],
};

export function refetchBehind(client: QueryClient, topic: string): void {
  invalidate(client, ...(BEHIND[family(topic)] ?? []));
}
