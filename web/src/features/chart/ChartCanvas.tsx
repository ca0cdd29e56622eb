import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { liveBarQuery } from "../../shared/api/queries";
import type { Candle, IndicatorRow, Order, Pattern, Signal, Timeframe, Trade } from "../../shared/api/types";
import { send } from "../../shared/lib/commands";
import { useTheme } from "../../shared/lib/theme";
import { arrange, drawnSignal, fillMarks, orderLines, patternMarks, signalLines, signalMarks, signalZones } from "./chartModel";
import { ChartEngine } from "./engine";
import type { Hover } from "./hover";
import { LINES, type Shown } from "./overlays";
import { readPalette, type Palette } from "./palette";
import { epochSeconds } from "../../shared/lib/time";

export interface ChartCanvasProps {
  symbol: string;
  timeframe: Timeframe;
  places: number;
  bars: Candle[];
  rows: IndicatorRow[];
  patterns: Pattern[];
  signals: Signal[];
  orders: Order[];
  trades: Trade[];
  shown: Shown;
  hover: Hover;
  onNeedOlder: () => void;
}

/** Owns the canvas. Loaded apart from the page, because the drawing library is its largest part. */
export default function ChartCanvas(props: ChartCanvasProps) {
  const { symbol, timeframe, hover, places } = props;
  const box = useRef<HTMLDivElement>(null);
  const [engine, setEngine] = useState<ChartEngine | null>(null);
  const palette = usePalette();
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    if (box.current === null) return;
    const made = new ChartEngine(box.current, readPalette(), latest.current.places, {
      hover: hover.set,
      needOlder: () => {
        latest.current.onNeedOlder();
      },
      pickPrice: (price) => {
        send({ kind: "price", price: price.toFixed(latest.current.places) });
      },
    });
    setEngine(made);
    return () => {
      setEngine(null);
      made.destroy();
    };
  }, [hover]);
  useEffect(() => {
    engine?.setPlaces(places);
  }, [engine, places]);
  useDrawing(engine, palette, props);
  return <div ref={box} className="absolute inset-0" role="img" aria-label={`${symbol} ${timeframe} candles`} />;
}

function usePalette(): Palette {
  const theme = useTheme();
  const [palette, setPalette] = useState(readPalette);
  useEffect(() => {
    // The document's attribute changes in an effect too: read the colours once it has settled.
    const frame = requestAnimationFrame(() => {
      setPalette(readPalette());
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [theme]);
  return palette;
}

function useDrawing(engine: ChartEngine | null, palette: Palette, props: ChartCanvasProps): void {
  const { symbol, timeframe, bars, rows, shown } = props;
  const live = useQuery(liveBarQuery(symbol, timeframe)).data;
  const liveNow = useRef(live);
  useEffect(() => {
    liveNow.current = live;
    engine?.setLive(live);
  }, [engine, live]);
  useEffect(() => {
    engine?.setPalette(palette);
  }, [engine, palette]);
  useEffect(() => {
    engine?.setBars(bars, liveNow.current);
  }, [engine, bars, palette]);
  useEffect(() => {
    engine?.setLines(LINES.filter((line) => shown[line.group]), rows);
  }, [engine, rows, shown, palette]);
  useMarks(engine, palette, props);
  useLevels(engine, palette, props);
}

function useMarks(engine: ChartEngine | null, palette: Palette, props: ChartCanvasProps): void {
  const { symbol, timeframe, bars, patterns, signals, trades, shown } = props;
  const first = bars[0]?.open_time;
  const marks = useMemo(() => {
    const all = [
      ...(shown.patterns ? patternMarks(patterns, palette) : []),
      ...(shown.signals ? signalMarks(signals, palette) : []),
      ...(shown.fills ? fillMarks(trades, symbol, timeframe, palette) : []),
    ];
    return arrange(all, first === undefined ? undefined : epochSeconds(first));
  }, [patterns, signals, trades, shown, palette, symbol, timeframe, first]);
  useEffect(() => {
    engine?.setMarks(marks);
  }, [engine, marks]);
}

function useLevels(engine: ChartEngine | null, palette: Palette, props: ChartCanvasProps): void {
  const { symbol, signals, orders, shown } = props;
  const signal = shown.signals ? drawnSignal(signals) : undefined;
  const lines = useMemo(
    () => [...orderLines(orders, symbol, palette), ...signalLines(signal, palette)],
    [orders, symbol, signal, palette],
  );
  const zones = useMemo(() => signalZones(signal, palette), [signal, palette]);
  useEffect(() => {
    engine?.setPriceLines(lines);
  }, [engine, lines]);
  useEffect(() => {
    engine?.setZones(zones);
  }, [engine, zones]);
}
