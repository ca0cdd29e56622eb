import type { EquityPoint } from "../../shared/api/types";
import { forPicture } from "../../shared/lib/format";

export interface EquityPicture {
  /** SVG coordinates in a 100 × 100 box. */
  line: string;
  area: string;
  base: number;
  /** True when the last point stands at or above the deposit. */
  ahead: boolean;
  low: number;
  high: number;
  drawdown: number;
  deepest: number;
}

/** Shapes for the curve: floats are good enough for a picture, and are used for nothing else. */
export function picture(points: readonly EquityPoint[], deposit: string): EquityPicture | null {
  const values = points.map((point) => forPicture(point.equity));
  if (values.length < 2) return null;
  const start = forPicture(deposit);
  const low = Math.min(...values, start);
  const high = Math.max(...values, start);
  const span = high - low || 1;
  const y = (value: number) => 96 - ((value - low) / span) * 92;
  const xy = values.map((value, index) => `${((index / (values.length - 1)) * 100).toFixed(2)},${y(value).toFixed(2)}`);
  const base = y(start);
  const { drawdown, deepest } = drawdowns(values);
  return { line: xy.join(" "), area: `0,${base} ${xy.join(" ")} 100,${base}`, base, ahead: (values.at(-1) ?? start) >= start, low, high, drawdown, deepest };
}

/** Fall from the highest equity so far, now and at its worst, in percent. */
export function drawdowns(values: readonly number[]): { drawdown: number; deepest: number } {
  let peak = -Infinity;
  let drawdown = 0;
  let deepest = 0;
  for (const value of values) {
    peak = Math.max(peak, value);
    drawdown = peak > 0 ? ((peak - value) / peak) * 100 : 0;
    deepest = Math.max(deepest, drawdown);
  }
  return { drawdown, deepest };
}
