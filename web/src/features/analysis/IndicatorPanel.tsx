import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { flat, useWords } from "../../shared/api/hooks";
import { useTopic } from "../../shared/api/live";
import { candlesQuery, indicatorsQuery } from "../../shared/api/queries";
import type { IndicatorRow, Timeframe } from "../../shared/api/types";
import { forPicture } from "../../shared/lib/format";
import { timeframeSeconds } from "../../shared/lib/time";
import { Age } from "../../shared/ui/Age";
import { Answer, Empty, Skeleton } from "../../shared/ui/Answer";
import { Unit } from "../../shared/ui/Facts";
import { Meter, Scale } from "../../shared/ui/Meter";
import { Panel } from "../../shared/ui/Panel";
import { Sparkline } from "../../shared/ui/Sparkline";
import { read, type Lean, type Reading } from "./readings";

const DRAWN = 60;
const LEANS: Record<Lean, string> = { up: "text-up", down: "text-down", flat: "text-dim" };

interface Props {
  symbol: string;
  timeframe: Timeframe;
  className?: string;
}

export function IndicatorPanel({ symbol, timeframe, className = "" }: Props) {
  useTopic(`indicators:${symbol}:${timeframe}`);
  const { quote } = useWords(symbol);
  const indicators = useInfiniteQuery(indicatorsQuery(symbol, timeframe));
  const candles = useInfiniteQuery(candlesQuery(symbol, timeframe));
  const rows = indicators.data?.pages[0]?.items ?? [];
  const last = rows.at(-1);
  const bar = flat(candles.data).findLast((candle) => candle.open_time === last?.open_time);
  const closedAt = last === undefined ? null : closeTime(last.open_time, timeframe);
  return (
    <Panel
      title="Indicators"
      note={closedAt === null ? timeframe : <>{timeframe} bar closed <Age at={closedAt} /></>}
      className={className}
    >
      <Answer
        query={indicators}
        what="indicators"
        waiting={<Skeleton rows={12} />}
        empty={{ when: () => rows.length === 0, show: <Empty title="No closed bars yet">Indicators appear with the first closed {timeframe} bar.</Empty> }}
      >
        {() => <Grid rows={rows} quote={quote} close={bar === undefined ? null : forPicture(bar.close)} />}
      </Answer>
    </Panel>
  );
}

function closeTime(open: string, timeframe: Timeframe): string {
  return new Date(Date.parse(open) + timeframeSeconds(timeframe) * 1000).toISOString();
}

function Grid({ rows, close, quote }: { rows: IndicatorRow[]; close: number | null; quote: string }) {
  const r = read(rows, close, quote);
  if (r === null) return null;
  const recent = rows.slice(-DRAWN);
  const line = (pick: (row: IndicatorRow) => number | null, name: string, bars = false) => (
    <Sparkline values={recent.map(pick)} label={`${name}, last ${recent.length} bars`} bars={bars} />
  );
  const scale = (reading: Reading, name: string, zones: readonly [number, number]) => (
    <Scale label={name} at={reading.at ?? 0.5} text={reading.words} zones={zones} />
  );
  return (
    <div className="grid grid-cols-1 gap-x-5 @sm:grid-cols-2 @2xl:grid-cols-3">
      <Row name="Trend" title="EMA 9, 21, 50 and 200 against each other" reading={r.trend} picture={line((row) => row.ema_21, "EMA 21")} />
      <Row name="RSI 14" title="Relative strength index" reading={r.rsi} picture={scale(r.rsi, "RSI", [0.3, 0.7])} />
      <Row name="MACD" title="MACD 12/26/9, histogram" reading={r.macd} picture={line((row) => row.macd_hist, "MACD histogram", true)} />
      <Row name="Bollinger" title="Place between the Bollinger bands 20/2" reading={r.bollinger} picture={scale(r.bollinger, "Bollinger", [0.05, 0.95])} />
      <Row name="VWAP" title="Volume-weighted price since 00:00 UTC" reading={r.vwap} picture={line((row) => row.vwap_session, "VWAP")} />
      <Row name="ATR 14" title="Average true range" reading={r.atr} picture={line((row) => row.atr_14, "ATR")} />
      <Row name="Volume" title="Against the average of the last 20 bars" reading={r.volume} picture={<Meter label="Relative volume" share={r.volume.at ?? 0} text={r.volume.words} />} />
      <Row name="MFI 14" title="Money flow index" reading={r.mfi} picture={scale(r.mfi, "MFI", [0.2, 0.8])} />
      <Row name="OBV" title="On-balance volume" reading={r.obv} picture={line((row) => row.obv, "OBV")} />
    </div>
  );
}

function Row({ name, title, reading, picture }: { name: string; title: string; reading: Reading; picture: ReactNode }) {
  return (
    <div className="flex items-center gap-3 border-b border-line/60 py-1.5" title={title}>
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-2">
          <span className="text-xs text-dim">{name}</span>
          <span className="text-xs font-medium whitespace-nowrap">
            {reading.value}
            {reading.unit !== "" && <Unit>{reading.unit}</Unit>}
          </span>
        </div>
        <p className={`truncate text-2xs ${LEANS[reading.lean]}`}>{reading.words}</p>
      </div>
      <div className="w-16 shrink-0">{picture}</div>
    </div>
  );
}
