import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";

import { Icon, type IconName } from "../shared/ui/Icon";

// Named here and not taken from the router, whose type rests on the pages that use this one.
type OwnPlace = "profile" | "security" | "withdrawals" | "identity" | "webhooks" | "audit" | "privacy";
type DeskPlace = "people" | "kyc" | "withdrawals" | "audit" | "limits" | "security";

export interface Section {
  to: "/account" | `/account/${OwnPlace}` | "/admin" | `/admin/${DeskPlace}`;
  name: string;
  icon: IconName;
}

interface SectionLayoutProps {
  label: string;
  sections: readonly Section[];
  /** Stands after the sections. */
  last?: ReactNode;
}

/** Pages of one area: their names beside them, or above them where the screen is narrow. */
export function SectionLayout({ label, sections, last }: SectionLayoutProps) {
  const nav = useRef<HTMLElement>(null);
  const place = useLocation({ select: (location) => location.pathname });
  // Where the names do not fit side by side, the one in use is scrolled to.
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [place]);
  return (
    <div className="flex min-h-0 flex-1 flex-col md:flex-row">
      <nav ref={nav} aria-label={label} className="flex shrink-0 gap-0.5 overflow-x-auto border-line bg-panel p-1 [scrollbar-width:none] max-md:border-b md:w-48 md:flex-col md:overflow-y-auto md:border-r md:p-2">
        {sections.map(({ to, name, icon }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: true, includeSearch: false }}
            className="flex h-8 shrink-0 items-center gap-2 rounded px-2.5 text-xs whitespace-nowrap text-dim hover:bg-raised hover:text-ink pointer-coarse:h-10"
            activeProps={{ className: "bg-raised font-semibold text-ink!", "aria-current": "page" }}
          >
            <Icon name={icon} className="size-4" />
            {name}
          </Link>
        ))}
        {last}
      </nav>
      <main className="min-h-0 min-w-0 flex-1 overflow-auto">
        <Outlet />
      </main>
    </div>
  );
}
