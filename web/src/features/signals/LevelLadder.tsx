import type { DecimalString, Signal } from "../../shared/api/types";
import { amount, forPicture } from "../../shared/lib/format";

type Levels = NonNullable<Signal["levels"]>;

interface Rung {
  name: string;
  price: DecimalString;
  ink: string;
}

function rungs(levels: Levels): Rung[] {
  const targets = levels.targets.map((price, index) => ({ name: `Target ${index + 1}`, price, ink: "text-up" }));
  return [
    ...targets,
    { name: "Entry high", price: levels.entry_high, ink: "text-accent" },
    { name: "Entry low", price: levels.entry_low, ink: "text-accent" },
    { name: "Stop", price: levels.stop, ink: "text-down" },
  ];
}

interface Props {
  levels: Levels;
  /** Where the signal was made. */
  entry: DecimalString;
  direction: Signal["direction"];
  last: DecimalString | null;
  places: number;
}

/** The plan on one line, from stop to last target, with the price where it is now. */
export function LevelLadder({ levels, entry, direction, last, places }: Props) {
  const rows = rungs(levels);
  const listed = direction === "SELL" ? rows.toReversed() : rows;
  return (
    <div>
      <Track levels={levels} entry={entry} last={last} />
      <dl className="mt-2 grid grid-cols-3 gap-x-4 gap-y-1">
        {listed.map((rung) => (
          <div key={rung.name} className="leading-tight">
            <dt className="text-2xs text-dim">{rung.name}</dt>
            <dd className={`text-xs font-medium ${rung.ink}`}>{amount(rung.price, places)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Track({ levels, entry, last }: Pick<Props, "levels" | "entry" | "last">) {
  const stop = forPicture(levels.stop);
  const end = forPicture(levels.targets.at(-1));
  const place = (price: DecimalString) => {
    const share = end === stop ? 0 : (forPicture(price) - stop) / (end - stop);
    return Math.min(1, Math.max(0, share)) * 100;
  };
  // The entry zone may be wider than the whole plan; its numbers stand below, here only its middle.
  const from = place(entry);
  return (
    <div className="relative h-4" role="img" aria-label={`Price ${last ?? "unknown"} between stop ${levels.stop} and last target ${levels.targets.at(-1) ?? ""}`}>
      <div className="absolute inset-x-0 top-1.5 h-1 rounded-full bg-line" />
      <div className="absolute top-1.5 left-0 h-1 rounded-l-full bg-down/60" style={{ width: `${from}%` }} />
      <div className="absolute top-1.5 right-0 h-1 rounded-r-full bg-up/45" style={{ width: `${100 - from}%` }} />
      <div className="absolute top-0.5 h-3 w-1 -translate-x-1/2 rounded-sm bg-accent" style={{ left: `${from}%` }} />
      {levels.targets.map((price) => (
        <div key={price} className="absolute top-0.5 h-3 w-0.5 -translate-x-1/2 bg-up" style={{ left: `${place(price)}%` }} />
      ))}
      {last !== null && (
        <div className="absolute top-0 h-4 w-1 -translate-x-1/2 rounded-full bg-ink shadow" style={{ left: `${place(last)}%` }} />
      )}
    </div>
  );
}
