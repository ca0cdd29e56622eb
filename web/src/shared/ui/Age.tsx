import { ageText, fullStamp } from "../lib/time";
import { useDeskNow } from "../lib/clock";

/** How old something is by the desk's clock; the exact time is its tooltip. */
export function Age({ at }: { at: string | null }) {
  const now = useDeskNow();
  return <span title={at === null ? undefined : fullStamp(at)}>{ageText(at, now)}</span>;
}
