const FILLS = { up: "bg-up", down: "bg-down", accent: "bg-accent", warn: "bg-warn", dim: "bg-dim" } as const;

interface MeterProps {
  label: string;
  /** 0..1 */
  share: number;
  text: string;
  tone?: keyof typeof FILLS;
}

/** A bar with its meaning spoken. */
export function Meter({ label, share, text, tone = "accent" }: MeterProps) {
  const width = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={width}
      aria-valuetext={text}
      className="h-1.5 overflow-hidden rounded-full bg-line"
    >
      <div className={`h-full rounded-full ${FILLS[tone]}`} style={{ width: `${width}%` }} />
    </div>
  );
}

interface ScaleProps {
  label: string;
  /** 0..1 from left to right. */
  at: number;
  text: string;
  zones?: readonly [number, number];
}

/** A marker on a line with calm ends: oversold … overbought, lower band … upper band. */
export function Scale({ label, at, text, zones = [0, 1] }: ScaleProps) {
  const place = Math.min(1, Math.max(0, at)) * 100;
  return (
    <div role="img" aria-label={`${label}: ${text}`} className="relative h-1.5 rounded-full bg-line">
      <div className="absolute inset-y-0 left-0 rounded-l-full bg-up/35" style={{ width: `${zones[0] * 100}%` }} />
      <div className="absolute inset-y-0 right-0 rounded-r-full bg-down/35" style={{ width: `${(1 - zones[1]) * 100}%` }} />
      <div
        className="absolute -top-0.5 h-2.5 w-1 -translate-x-1/2 rounded-full bg-ink"
        style={{ left: `${place}%` }}
      />
    </div>
  );
}
