import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineSeries,
  LineStyle,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LogicalRange,
  type MouseEventParams,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";

import type { Candle, IndicatorRow } from "../../shared/api/types";
import { plain } from "../../shared/lib/format";
import { barPoint, linePoint, volumePoint, type Mark, type PriceMark, type Zone } from "./chartModel";
import type { Line } from "./overlays";
import { faded, type Palette } from "./palette";
import { ZonesPrimitive } from "./zones";

const SEEN_AT_FIRST = 130;
const ROOM_AT_RIGHT = 8;
const ASK_OLDER_WITHIN = 40;
const TOO_MANY_FOR_DOTS = 240;

/** Gives a series only what changed: whole lists are redrawn only when their past changed. */
class Feeder<Row> {
  private rows: readonly Row[] = [];

  feed(next: readonly Row[], replace: (rows: readonly Row[]) => void, append: (row: Row) => void): void {
    const old = this.rows;
    this.rows = next;
    const grown = old.length > 0 && next.length >= old.length && next.length - old.length < 20;
    const same = grown && old.slice(0, -1).every((row, index) => row === next[index]);
    if (!same) replace(next);
    else next.slice(old.at(-1) === next[old.length - 1] ? old.length : old.length - 1).forEach(append);
  }

  forget(): void {
    this.rows = [];
  }
}

export interface EngineEvents {
  hover: (time: number | null) => void;
  needOlder: () => void;
  pickPrice: (price: number) => void;
}

/** The drawing library behind a few verbs, so that React says what and never how. */
export class ChartEngine {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private readonly zones = new ZonesPrimitive();
  private readonly lines = new Map<string, { series: ISeriesApi<"Line">; feeder: Feeder<IndicatorRow> }>();
  private readonly barFeeder = new Feeder<Candle>();
  private priceLines: IPriceLine[] = [];
  private palette: Palette;
  private placed = false;
  private afar = false;
  private marks: readonly Mark[] = [];
  private newestDrawn = "";
  private readonly drawnLive = new Set<string>();
  private last: Candle | undefined;

  constructor(box: HTMLElement, palette: Palette, places: number, events: EngineEvents) {
    this.palette = palette;
    this.chart = createChart(box, { autoSize: true, ...look(palette) });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      ...candleLook(palette),
      priceFormat: { type: "price", precision: places, minMove: 1 / 10 ** places },
    });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles.attachPrimitive(this.zones);
    this.markers = createSeriesMarkers<Time>(this.candles, []);
    this.listen(events);
  }

  private listen(events: EngineEvents): void {
    this.chart.subscribeCrosshairMove((param: MouseEventParams) => {
      events.hover(typeof param.time === "number" ? param.time : null);
    });
    this.chart.subscribeDblClick((param) => {
      const price = param.point === undefined ? null : this.candles.coordinateToPrice(param.point.y);
      if (price !== null) events.pickPrice(price);
    });
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range === null) return;
      this.seeFrom(range);
      if (this.placed && range.from < ASK_OLDER_WITHIN) events.needOlder();
    });
  }

  setBars(bars: readonly Candle[], live: Candle | null): void {
    const redraw = (rows: readonly Candle[]) => {
      this.newestDrawn = rows.at(-1)?.open_time ?? "";
      this.drawnLive.clear();
      this.candles.setData(rows.map(barPoint));
      this.volume.setData(rows.map((row) => volumePoint(row, this.palette)));
    };
    if (this.missedAny(bars)) this.barFeeder.forget();
    this.barFeeder.feed(bars, redraw, (row) => {
      this.put(row);
    });
    this.last = bars.at(-1);
    this.setLive(live);
    if (bars.length === 0) this.placed = false;
    else if (!this.placed) this.place(bars.length);
  }

  /** Bars that closed without having grown here, behind one that does: those cannot be put in singly. */
  private missedAny(bars: readonly Candle[]): boolean {
    return bars.some((bar) => bar.open_time > (this.last?.open_time ?? "") && bar.open_time < this.newestDrawn && !this.drawnLive.has(bar.open_time));
  }

  /** The growing bar; one that is older than the last closed bar is a late word and is dropped. */
  setLive(bar: Candle | null): void {
    if (bar !== null && this.last !== undefined && bar.open_time > this.last.open_time) this.put(bar);
  }

  private put(bar: Candle): void {
    // A bar may close after the next has begun to grow: the library wants to be told that it is past.
    const past = bar.open_time < this.newestDrawn;
    if (!past) this.newestDrawn = bar.open_time;
    this.drawnLive.add(bar.open_time);
    this.candles.update(barPoint(bar), past);
    this.volume.update(volumePoint(bar, this.palette), past);
  }

  private place(count: number): void {
    this.placed = true;
    const width = this.chart.timeScale().width();
    const seen = width === 0 ? SEEN_AT_FIRST : Math.round(Math.min(260, Math.max(50, width / 8)));
    this.chart.timeScale().setVisibleLogicalRange({ from: count - seen, to: count + ROOM_AT_RIGHT });
  }

  newest(): void {
    this.chart.timeScale().scrollToRealTime();
  }

  setLines(lines: readonly Line[], rows: readonly IndicatorRow[]): void {
    for (const [id, { series }] of this.lines) {
      if (lines.some((line) => line.id === id)) continue;
      this.chart.removeSeries(series);
      this.lines.delete(id);
    }
    for (const line of lines) this.drawLine(line, rows);
  }

  private drawLine(line: Line, rows: readonly IndicatorRow[]): void {
    const known = this.lines.get(line.id);
    const entry = known ?? { series: this.addLine(line), feeder: new Feeder<IndicatorRow>() };
    this.lines.set(line.id, entry);
    entry.series.applyOptions({ color: this.palette[line.ink] });
    entry.feeder.feed(
      rows,
      (all) => {
        entry.series.setData(all.map((row) => linePoint(row, line.pick)));
      },
      (row) => {
        entry.series.update(linePoint(row, line.pick));
      },
    );
  }

  private addLine(line: Line): ISeriesApi<"Line"> {
    return this.chart.addSeries(LineSeries, {
      lineWidth: 1,
      lineStyle: line.dashed === true ? LineStyle.Dashed : LineStyle.Solid,
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
      // The scale belongs to the candles: a slow average far below would press them flat.
      autoscaleInfoProvider: () => null,
    });
  }

  setMarks(marks: readonly Mark[]): void {
    this.marks = marks;
    this.drawMarks();
  }

  /** Seen from afar, pattern dots would cover the candles that they speak of. */
  private drawMarks(): void {
    this.markers.setMarkers(this.marks.filter((mark) => !this.afar || mark.shape !== "circle"));
  }

  private seeFrom(range: LogicalRange): void {
    const afar = range.to - range.from > TOO_MANY_FOR_DOTS;
    if (afar === this.afar) return;
    this.afar = afar;
    this.drawMarks();
  }

  setPriceLines(marks: readonly PriceMark[]): void {
    for (const line of this.priceLines) this.candles.removePriceLine(line);
    this.priceLines = marks.map((mark) =>
      this.candles.createPriceLine({
        price: mark.price,
        title: mark.title,
        color: mark.color,
        lineWidth: 1,
        lineStyle: mark.dashed ? LineStyle.Dashed : LineStyle.Solid,
        axisLabelVisible: true,
      }),
    );
  }

  setZones(zones: readonly Zone[]): void {
    this.zones.show(zones);
  }

  setPlaces(places: number): void {
    this.candles.applyOptions({ priceFormat: { type: "price", precision: places, minMove: 1 / 10 ** places } });
    this.chart.applyOptions({ localization: { priceFormatter: (price: number) => plain(price, places) } });
  }

  /** Colours are part of volume's data, so those rows are given again after this. */
  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart.applyOptions(look(palette));
    this.candles.applyOptions(candleLook(palette));
    this.barFeeder.forget();
  }

  destroy(): void {
    this.chart.remove();
  }
}

function candleLook(palette: Palette) {
  return {
    upColor: palette.up,
    downColor: palette.down,
    wickUpColor: palette.up,
    wickDownColor: palette.down,
    borderVisible: false,
    priceLineColor: palette.dim,
    priceLineStyle: LineStyle.Dotted,
  } as const satisfies Parameters<ISeriesApi<SeriesType>["applyOptions"]>[0] & object;
}

function timeText(time: Time): string {
  return typeof time === "number" ? `${new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC` : "";
}

function look(palette: Palette) {
  const crosshair = { color: palette.edge, labelBackgroundColor: palette.edge, style: LineStyle.Dashed } as const;
  return {
    layout: {
      background: { type: ColorType.Solid, color: palette.panel },
      textColor: palette.dim,
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
      // The logo brings a style element, which the page's content security policy forbids; the
      // panel carries the attribution as a link instead.
      attributionLogo: false,
    },
    grid: {
      vertLines: { color: faded(palette.line, 0.55) },
      horzLines: { color: faded(palette.line, 0.55) },
    },
    rightPriceScale: { borderColor: palette.line, scaleMargins: { top: 0.08, bottom: 0.2 } },
    timeScale: { borderColor: palette.line, timeVisible: true, secondsVisible: false, rightOffset: ROOM_AT_RIGHT },
    crosshair: { mode: CrosshairMode.Normal, vertLine: crosshair, horzLine: crosshair },
    localization: { timeFormatter: timeText },
  } as const;
}

export type { UTCTimestamp };
