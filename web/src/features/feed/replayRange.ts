/** Where a clock stands between the start and the end of a recording, 0..1. */
export function progress(start: string, end: string | null, now: number): number {
  if (end === null) return 0;
  const from = Date.parse(start);
  const length = Date.parse(end) - from;
  if (!(length > 0)) return 0;
  return Math.min(1, Math.max(0, (now - from) / length));
}

/** The time at a share of the recording, to the whole minute. */
export function timeAt(start: string, end: string, share: number): string {
  const from = Date.parse(start);
  const at = from + (Date.parse(end) - from) * Math.min(1, Math.max(0, share));
  return `${new Date(at).toISOString().slice(0, 16)}:00Z`;
}

export const SPEEDS = [1, 10, 60, 300, 1000] as const;
