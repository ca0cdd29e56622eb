import { ageText, fullStamp, spanText } from "../lib/time";
import { useDeskNow } from "../lib/clock";

/** How old something is by the desk's clock; the exact time is its tooltip. */
export function Age({ at }: { at: string | null }) {
  const now = useDeskNow();
  return <span title={at === null ? undefined : fullStamp(at)}>{ageText(at, now)}</span>;
}

/** How long something has lasted, without "ago". */
export function Since({ at }: { at: string }) {
  const now = useDeskNow();
  return <span title={fullStamp(at)}>{spanText((now - Date.parse(at)) / 1000)}</span>;
}
