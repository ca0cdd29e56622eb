import type { Signal } from "../../shared/api/types";
import { amount, forPicture } from "../../shared/lib/format";

export const DIRECTION_LOOKS = {
  BUY: { ink: "text-up", fill: "bg-up" },
  SELL: { ink: "text-down", fill: "bg-down" },
  HOLD: { ink: "text-dim", fill: "bg-dim" },
} as const;

const RADIUS = 20;
const ROUND = 2 * Math.PI * RADIUS;

/** Confidence as a ring that fills clockwise. */
export function ConfidenceRing({ signal }: { signal: Signal }) {
  const share = Math.min(1, Math.max(0, forPicture(signal.confidence) / 100));
  return (
    <svg viewBox="0 0 48 48" className="size-14 shrink-0" role="img" aria-label={`Confidence ${signal.confidence} of 100`}>
      <circle cx="24" cy="24" r={RADIUS} fill="none" strokeWidth="4" className="stroke-line" />
      <circle
        cx="24"
        cy="24"
        r={RADIUS}
        fill="none"
        strokeWidth="4"
        strokeLinecap="round"
        stroke="currentColor"
        strokeDasharray={`${share * ROUND} ${ROUND}`}
        transform="rotate(-90 24 24)"
        className={`transition-[stroke-dasharray] duration-300 ${DIRECTION_LOOKS[signal.direction].ink}`}
      />
      <text x="24" y="25" textAnchor="middle" className="fill-ink text-[13px] font-semibold">
        {amount(signal.confidence, 0)}
      </text>
      <text x="24" y="33.5" textAnchor="middle" className="fill-dim text-[6px]">
        of 100
      </text>
    </svg>
  );
}
