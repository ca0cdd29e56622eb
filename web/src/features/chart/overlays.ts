import type { IndicatorRow } from "../../shared/api/types";
import { isRecord, stored } from "../../shared/lib/storage";
import type { PaletteName } from "./palette";

export interface Line {
  id: string;
  group: OverlayId;
  name: string;
  ink: PaletteName;
  dashed?: boolean;
  pick: (row: IndicatorRow) => number | null;
}

export const OVERLAYS = [
  { id: "ema9", name: "EMA 9", ink: "warn" },
  { id: "ema21", name: "EMA 21", ink: "accent" },
  { id: "ema50", name: "EMA 50", ink: "violet" },
  { id: "ema200", name: "EMA 200", ink: "teal" },
  { id: "bollinger", name: "Bollinger", ink: "dim" },
  { id: "vwap", name: "VWAP", ink: "ink" },
  { id: "patterns", name: "Patterns", ink: "dim" },
  { id: "signals", name: "Signals", ink: "up" },
  { id: "fills", name: "Fills", ink: "accent" },
] as const satisfies readonly { id: string; name: string; ink: PaletteName }[];

export type OverlayId = (typeof OVERLAYS)[number]["id"];

export const LINES: readonly Line[] = [
  { id: "ema9", group: "ema9", name: "EMA 9", ink: "warn", pick: (row) => row.ema_9 },
  { id: "ema21", group: "ema21", name: "EMA 21", ink: "accent", pick: (row) => row.ema_21 },
  { id: "ema50", group: "ema50", name: "EMA 50", ink: "violet", pick: (row) => row.ema_50 },
  { id: "ema200", group: "ema200", name: "EMA 200", ink: "teal", pick: (row) => row.ema_200 },
  { id: "bb_upper", group: "bollinger", name: "Upper band", ink: "dim", pick: (row) => row.bb_upper },
  { id: "bb_middle", group: "bollinger", name: "Middle band", ink: "dim", dashed: true, pick: (row) => row.bb_middle },
  { id: "bb_lower", group: "bollinger", name: "Lower band", ink: "dim", pick: (row) => row.bb_lower },
  { id: "vwap", group: "vwap", name: "VWAP", ink: "ink", dashed: true, pick: (row) => row.vwap_session },
];

export type Shown = Record<OverlayId, boolean>;

const FIRST: Shown = {
  ema9: true,
  ema21: true,
  ema50: true,
  ema200: true,
  bollinger: false,
  vwap: false,
  patterns: true,
  signals: true,
  fills: true,
};

export const shownOverlays = stored<Shown>("overlays", (raw) => {
  const known = isRecord(raw) ? raw : {};
  const entries = OVERLAYS.map(({ id }) => [id, typeof known[id] === "boolean" ? known[id] : FIRST[id]] as const);
  return { ...FIRST, ...Object.fromEntries(entries) };
});

export function toggleOverlay(id: OverlayId): void {
  const shown = shownOverlays.read();
  shownOverlays.write({ ...shown, [id]: !shown[id] });
}
