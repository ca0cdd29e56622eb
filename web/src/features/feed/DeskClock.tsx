import { useDeskNow } from "../../shared/lib/clock";
import { clockText, dateText } from "../../shared/lib/time";

/** The feed's own date and time: in a replay this is the past. */
export function DeskClock() {
  const now = useDeskNow();
  return (
    <time
      dateTime={new Date(now).toISOString()}
      title="Desk clock: the feed's time, UTC"
      className="flex flex-col text-right leading-tight whitespace-nowrap"
    >
      <span className="text-xs font-medium">{clockText(now)}</span>
      <span className="text-2xs text-dim">{dateText(now)} UTC</span>
    </time>
  );
}
