import { useId, type ReactNode } from "react";

import { Boundary } from "./Boundary";

interface PanelProps {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  className?: string;
  /** Without padding, for tables and charts that reach the panel's edge. */
  bare?: boolean;
  children: ReactNode;
}

/** A named region of the desk: a thin head and a body that scrolls by itself. */
export function Panel({ title, note, actions, className = "", bare = false, children }: PanelProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={`flex min-h-0 min-w-0 flex-col bg-panel ${className}`}>
      <header className="flex h-9 pointer-coarse:h-11 shrink-0 items-center gap-2 border-b border-line px-3">
        <h2 id={id} className="text-xs font-semibold tracking-wide whitespace-nowrap text-ink">
          {title}
        </h2>
        {note !== undefined && <span className="min-w-0 truncate text-2xs text-dim">{note}</span>}
        <div className="ml-auto flex shrink-0 items-center gap-1">{actions}</div>
      </header>
      <div className={`@container min-h-0 flex-1 overflow-auto ${bare ? "" : "p-3"}`}>
        <Boundary what={title.toLowerCase()}>{children}</Boundary>
      </div>
    </section>
  );
}

/** A subject within a panel. */
export function Group({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <div className="border-t border-line pt-2.5 first:border-0 first:pt-0 [&+&]:mt-3">
      <div className="mb-1.5 flex items-baseline justify-between gap-2">
        <h3 className="text-2xs font-semibold tracking-wider text-dim uppercase">{title}</h3>
        <span className="text-2xs text-dim">{aside}</span>
      </div>
      {children}
    </div>
  );
}
