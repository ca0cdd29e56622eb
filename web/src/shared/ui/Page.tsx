import type { ReactNode } from "react";

/** A page of panels under each other, with its name on top. */
export function PageBody({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-[minmax(0,1fr)] gap-3 p-2 md:p-4">
      <div className="px-1">
        <h1 className="text-base font-semibold">{title}</h1>
        {lead !== undefined && <p className="mt-0.5 text-xs text-dim">{lead}</p>}
      </div>
      {children}
    </div>
  );
}

/** One row of a list of things a person has: what it is, what is known of it, what can be done. */
export function Row({ title, detail, badges, children }: { title: ReactNode; detail?: ReactNode; badges?: ReactNode; children?: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line/60 px-3 py-2 last:border-0">
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-xs font-medium">
          <span className="min-w-0 break-words [overflow-wrap:anywhere]">{title}</span>
          {badges}
        </p>
        {detail !== undefined && <p className="text-2xs [overflow-wrap:anywhere] text-dim">{detail}</p>}
      </div>
      {children !== undefined && <div className="flex shrink-0 flex-wrap gap-1.5">{children}</div>}
    </li>
  );
}
