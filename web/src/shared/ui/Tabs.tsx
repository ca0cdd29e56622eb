import { useId, useState, type ReactNode } from "react";

import { Boundary } from "./Boundary";

export interface Tab {
  id: string;
  title: string;
  count?: number | undefined;
  actions?: ReactNode;
  body: ReactNode;
}

interface TabsProps {
  label: string;
  tabs: Tab[];
  className?: string;
}

/** Panels that share a place; only the chosen one is drawn. */
export function Tabs({ label, tabs, className = "" }: TabsProps) {
  const base = useId();
  const [chosen, setChosen] = useState(tabs[0]?.id ?? "");
  const current = tabs.find((tab) => tab.id === chosen) ?? tabs[0];
  const move = (step: number) => {
    const at = tabs.findIndex((tab) => tab.id === current?.id);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    setChosen(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <section aria-label={label} className={`flex min-h-0 min-w-0 flex-col bg-panel ${className}`}>
      <div className="flex h-9 pointer-coarse:h-11 shrink-0 items-stretch border-b border-line">
        <div
          role="tablist"
          tabIndex={-1}
          aria-label={label}
          className="flex min-w-0 flex-1 overflow-x-auto overflow-y-hidden px-1 [scrollbar-width:none]"
          onKeyDown={(event) => {
            if (event.key === "ArrowRight") move(1);
            if (event.key === "ArrowLeft") move(-1);
          }}
        >
          {tabs.map((tab) => (
            <TabHead key={tab.id} tab={tab} base={base} chosen={tab.id === current?.id} onChoose={setChosen} />
          ))}
        </div>
        <div className="flex shrink-0 items-center gap-1 px-2 empty:hidden">{current?.actions}</div>
      </div>
      <div
        role="tabpanel"
        id={`${base}-panel`}
        aria-labelledby={`${base}-${current?.id ?? ""}`}
        className="@container min-h-0 flex-1 overflow-auto"
      >
        {current !== undefined && (
          <Boundary key={current.id} what={current.title.toLowerCase()}>
            {current.body}
          </Boundary>
        )}
      </div>
    </section>
  );
}

interface TabHeadProps {
  tab: Tab;
  base: string;
  chosen: boolean;
  onChoose: (id: string) => void;
}

function TabHead({ tab, base, chosen, onChoose }: TabHeadProps) {
  return (
    <button
      type="button"
      role="tab"
      id={`${base}-${tab.id}`}
      aria-selected={chosen}
      aria-controls={`${base}-panel`}
      tabIndex={chosen ? 0 : -1}
      className={`relative shrink-0 px-2.5 text-xs font-medium whitespace-nowrap transition-colors ${
        chosen ? "text-ink after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 after:bg-accent" : "text-dim hover:text-ink"
      }`}
      onClick={() => {
        onChoose(tab.id);
      }}
    >
      {tab.title}
      {tab.count !== undefined && tab.count > 0 && (
        <span className="ml-1.5 rounded-full bg-raised px-1.5 text-2xs text-dim">{tab.count}</span>
      )}
    </button>
  );
}
