import type { SignalVote } from "../../shared/api/types";
import { amount, forPicture } from "../../shared/lib/format";
import { factText, nameText } from "./choose";

function strongest(votes: readonly SignalVote[]): number {
  return Math.max(...votes.map((vote) => Math.abs(forPicture(vote.weight))), 1e-9);
}

/** Each source's vote: to the right it pulls up, to the left it pulls down. */
export function VoteList({ votes }: { votes: SignalVote[] }) {
  const top = strongest(votes);
  return (
    <ul className="-mx-1">
      {votes.map((vote) => (
        <Vote key={vote.source} vote={vote} top={top} />
      ))}
    </ul>
  );
}

const WORDS = { "-1": "sell", 0: "neutral", 1: "buy" } as const;
const INKS = { "-1": "text-down", 0: "text-dim", 1: "text-up" } as const;

function Vote({ vote, top }: { vote: SignalVote; top: number }) {
  const facts = Object.entries(vote.facts);
  return (
    <li>
      <details className="rounded open:bg-raised/60">
        <summary className="grid list-none grid-cols-[7.5rem_1fr_auto] items-center gap-2 rounded px-1 py-1 text-xs hover:bg-raised">
          <span className="truncate" title={vote.source}>{nameText(vote.source)}</span>
          <Pull vote={vote} top={top} />
          <span className={`w-20 text-right text-2xs ${INKS[vote.direction]}`}>
            {WORDS[vote.direction]} · {amount(vote.weight, 2)}
          </span>
        </summary>
        <div className="px-1 pt-0.5 pb-2 text-2xs text-dim">
          <p className="leading-relaxed">{vote.reason}</p>
          {facts.length > 0 && (
            <dl className="mt-1 grid grid-cols-2 gap-x-4">
              {facts.map(([key, value]) => (
                <div key={key} className="flex justify-between gap-2">
                  <dt className="truncate">{nameText(key)}</dt>
                  <dd className="text-ink">{factText(value)}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      </details>
    </li>
  );
}

function Pull({ vote, top }: { vote: SignalVote; top: number }) {
  const half = (Math.abs(forPicture(vote.weight)) / top) * 50;
  const side = vote.direction < 0 ? { right: "50%" } : { left: "50%" };
  return (
    <span className="relative block h-2 rounded-sm bg-line/60" role="img" aria-label={`${WORDS[vote.direction]}, weight ${vote.weight}`}>
      <span className="absolute inset-y-0 left-1/2 w-px bg-edge" />
      {vote.direction !== 0 && (
        <span
          className={`absolute inset-y-0 rounded-sm ${vote.direction > 0 ? "bg-up" : "bg-down"}`}
          style={{ ...side, width: `${half}%` }}
        />
      )}
    </span>
  );
}
