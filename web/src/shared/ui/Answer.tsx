import type { ReactNode } from "react";

import { messageOf } from "../api/problem";
import { Button } from "./Button";
import { Icon } from "./Icon";

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

interface AnswerProps<T> {
  query: Asked<T>;
  /** What is shown, as it stands in a sentence: "open orders". */
  what: string;
  waiting?: ReactNode;
  empty?: { when: (data: T) => boolean; show: ReactNode };
  children: (data: T) => ReactNode;
}

/** The four faces of every panel: waiting, failed, empty, and the data itself. */
export function Answer<T>({ query, what, waiting, empty, children }: AnswerProps<T>) {
  const { data, error } = query;
  if (data !== undefined) {
    return (
      <>
        {error !== null && <Outdated what={what} query={query} />}
        {empty?.when(data) === true ? empty.show : children(data)}
      </>
    );
  }
  if (error !== null) return <Failed what={what} query={query} />;
  return <div aria-busy="true" aria-label={`Loading ${what}`}>{waiting ?? <Skeleton rows={4} />}</div>;
}

function Failed<T>({ what, query }: { what: string; query: Asked<T> }) {
  return (
    <div role="alert" className="flex h-full min-h-24 flex-col items-center justify-center gap-2 p-4 text-center">
      <Icon name="warn" className="size-5 text-warn" />
      <p className="text-xs text-ink">Could not load {what}.</p>
      <p className="max-w-80 text-2xs text-dim">{messageOf(query.error)}</p>
      <Button size="tiny" icon="restart" onClick={() => void query.refetch()}>
        Try again
      </Button>
    </div>
  );
}

function Outdated<T>({ what, query }: { what: string; query: Asked<T> }) {
  return (
    <div role="status" className="flex items-center gap-2 border-b border-warn/30 bg-warn/10 px-3 py-1 text-2xs text-warn">
      <span className="min-w-0 flex-1 truncate">These {what} may be old: {messageOf(query.error)}</span>
      <button type="button" className="underline underline-offset-2" onClick={() => void query.refetch()}>
        Retry
      </button>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-20 flex-col items-center justify-center gap-1 p-4 text-center">
      <p className="text-xs text-ink">{title}</p>
      {children !== undefined && <p className="max-w-96 text-2xs text-dim">{children}</p>}
    </div>
  );
}

const WIDTHS = ["w-11/12", "w-3/4", "w-5/6", "w-2/3", "w-4/5"];

export function Skeleton({ rows }: { rows: number }) {
  return (
    <div className="animate-pulse space-y-2.5 p-3" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`h-3 rounded bg-raised ${WIDTHS[row % WIDTHS.length] ?? ""}`} />
      ))}
    </div>
  );
}
