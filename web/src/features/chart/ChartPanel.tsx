import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";

import { flat, useWords } from "../../shared/api/hooks";
import { useTopic } from "../../shared/api/live";
import { candlesQuery, ideasQuery, indicatorsQuery, openOrdersQuery, patternsQuery, tradesQuery } from "../../shared/api/queries";
import { useMay, useMaySignals } from "../../shared/api/session";
import { TIMEFRAMES, type Timeframe } from "../../shared/api/types";
import { useDesk } from "../../shared/lib/desk";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Boundary } from "../../shared/ui/Boundary";
import { Button } from "../../shared/ui/Button";
import { Segmented } from "../../shared/ui/Segmented";
import { oldestFirst } from "./chartModel";
import { makeHover } from "./hover";
import { Legend } from "./Legend";
import { OVERLAYS, shownOverlays, toggleOverlay } from "./overlays";

const ChartCanvas = lazy(() => import("./ChartCanvas"));

export function ChartPanel({ className = "" }: { className?: string }) {
  const { symbol, timeframe } = useDesk();
  return (
    <section aria-label="Chart" className={`flex min-h-0 min-w-0 flex-col bg-panel ${className}`}>
      <Toolbar />
      <div className="relative min-h-0 flex-1 overflow-hidden">
        {/* A new symbol or timeframe is a new picture: its place on the time scale starts afresh. */}
        <Boundary key={`${symbol} ${timeframe}`} what="the chart">
          <Body symbol={symbol} timeframe={timeframe} />
        </Boundary>
      </div>
    </section>
  );
}

function Toolbar() {
  const { timeframe, setTimeframe } = useDesk();
  const shown = shownOverlays.use();
  return (
    <div className="flex h-9 shrink-0 items-center gap-2 overflow-x-auto pointer-coarse:h-12 overflow-y-hidden border-b border-line px-2 [scrollbar-width:none]">
      <Segmented
        label="Timeframe"
        value={timeframe}
        options={TIMEFRAMES.map((value, index) => ({ value, text: value, title: `${value} candles (${index + 1})` }))}
        onChange={setTimeframe}
      />
      <div className="flex items-center gap-0.5" role="group" aria-label="Overlays">
        {OVERLAYS.map((overlay) => (
          <Button
            key={overlay.id}
            size="tiny"
            look="quiet"
            aria-pressed={shown[overlay.id]}
            className={`px-1.5 ${shown[overlay.id] ? "text-ink" : "line-through opacity-60"}`}
            onClick={() => {
              toggleOverlay(overlay.id);
            }}
          >
            {overlay.name}
          </Button>
        ))}
      </div>
      <Attribution />
    </div>
  );
}

function useChartData(symbol: string, timeframe: Timeframe) {
  const candles = useInfiniteQuery(candlesQuery(symbol, timeframe));
  const indicators = useInfiniteQuery(indicatorsQuery(symbol, timeframe));
  const patterns = useInfiniteQuery(patternsQuery(symbol, timeframe)).data;
  const signals = useInfiniteQuery({ ...ideasQuery(symbol, timeframe), enabled: useMaySignals(timeframe) }).data;
  const mine = useMay("orders:read");
  const trades = useInfiniteQuery({ ...tradesQuery, enabled: mine }).data;
  const orders = useQuery({ ...openOrdersQuery, enabled: mine }).data;
  const drawn = {
    bars: useMemo(() => oldestFirst(candles.data), [candles.data]),
    rows: useMemo(() => oldestFirst(indicators.data), [indicators.data]),
    patterns: useMemo(() => flat(patterns), [patterns]),
    signals: useMemo(() => flat(signals), [signals]),
    trades: useMemo(() => flat(trades), [trades]),
    orders: useMemo(() => orders?.items ?? [], [orders]),
  };
  return { candles, indicators, drawn };
}

function Body({ symbol, timeframe }: { symbol: string; timeframe: Timeframe }) {
  useTopic(`candles:${symbol}:${timeframe}`);
  useTopic(`indicators:${symbol}:${timeframe}`);
  const { candles, indicators, drawn } = useChartData(symbol, timeframe);
  const { pricePlaces } = useWords(symbol);
  const shown = shownOverlays.use();
  const [hover] = useState(makeHover);
  const onNeedOlder = useCallback(() => {
    if (candles.hasNextPage && !candles.isFetching) void candles.fetchNextPage();
    if (indicators.hasNextPage && !indicators.isFetching) void indicators.fetchNextPage();
  }, [candles, indicators]);
  return (
    <Answer
      query={candles}
      what={`${timeframe} candles of ${symbol}`}
      waiting={<Waiting />}
      empty={{
        when: () => drawn.bars.length === 0,
        show: <Empty title={`No ${timeframe} bar has closed yet`}>The chart begins with the first closed bar of {symbol}.</Empty>,
      }}
    >
      {() => (
        <>
          <Legend symbol={symbol} timeframe={timeframe} bars={drawn.bars} rows={drawn.rows} patterns={drawn.patterns} trades={drawn.trades} shown={shown} hover={hover} />
          <Suspense fallback={<Waiting />}>
            <ChartCanvas {...drawn} symbol={symbol} timeframe={timeframe} places={pricePlaces} shown={shown} hover={hover} onNeedOlder={onNeedOlder} />
          </Suspense>
          {candles.isFetchingNextPage && <Note text="Loading older bars…" />}
        </>
      )}
    </Answer>
  );
}

function Note({ text }: { text: string }) {
  return <p role="status" className="absolute bottom-9 left-2 z-10 rounded bg-raised px-2 py-0.5 text-2xs text-dim">{text}</p>;
}

function Attribution() {
  return (
    <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer" className="ml-auto pl-2 text-[0.65rem] whitespace-nowrap text-dim hover:text-ink">
      Charts by TradingView
    </a>
  );
}

const SHAPE = [42, 55, 38, 60, 72, 64, 80, 58, 66, 50, 45, 62, 75, 68, 85, 78, 60, 54, 70, 66, 48, 57];

function Waiting() {
  return (
    <div className="flex h-full animate-pulse items-end gap-[1.6%] p-8" aria-hidden="true">
      {SHAPE.map((height, index) => (
        <div key={index} className="flex-1 rounded-sm bg-raised" style={{ height: `${height}%` }} />
      ))}
    </div>
  );
}
