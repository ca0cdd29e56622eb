import type { ReactNode } from "react";

/** A name and its value on one line. */
export function Fact({ name, title, children }: { name: string; title?: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3 py-0.5 text-xs" title={title}>
      <dt className="text-dim">{name}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}

export function Facts({ label, children }: { label: string; children: ReactNode }) {
  return <dl aria-label={label}>{children}</dl>;
}

/** A unit beside its number: smaller and dimmer, so that the digits lead. */
export function Unit({ children }: { children: ReactNode }) {
  return <span className="ml-1 text-[0.82em] font-normal text-dim">{children}</span>;
}
