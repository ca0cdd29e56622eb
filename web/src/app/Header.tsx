import { Link } from "@tanstack/react-router";

import { AlertsButton } from "../features/alerts/AlertsButton";
import { Badges } from "../features/feed/Badges";
import { DeskClock } from "../features/feed/DeskClock";
import { HealthDots, LinkHealth, StreamState } from "../features/feed/Health";
import { DayRange, LastPrice } from "../features/market/LastPrice";
import { SymbolSwitch } from "../features/market/SymbolSwitch";
import { EquityBadge } from "../features/portfolio/EquityBadge";
import { SessionLinks } from "../features/auth/SessionLinks";
import { useMay } from "../shared/api/session";
import { useDesk } from "../shared/lib/desk";
import { nextTheme, themeChoice } from "../shared/lib/theme";
import { IconButton } from "../shared/ui/Button";
import { Icon, type IconName } from "../shared/ui/Icon";
import { useViewport } from "./viewport";

const THEME_ICONS: Record<ReturnType<typeof themeChoice.read>, IconName> = { system: "monitor", dark: "moon", light: "sun" };

function ThemeButton() {
  const choice = themeChoice.use();
  return <IconButton label={`Theme: ${choice} (T)`} icon={THEME_ICONS[choice]} onClick={nextTheme} />;
}

function Logo() {
  return (
    <Link to="/" className="flex items-center gap-1.5 text-sm font-bold tracking-tight" aria-label="Hydradesk, to the desk">
      <svg viewBox="0 0 32 32" className="size-5" aria-hidden="true">
        <path d="M9 6v20M9 16h14M23 6v20" stroke="currentColor" strokeWidth="3.2" strokeLinecap="round" fill="none" className="text-teal" />
        <circle cx="16" cy="16" r="3" className="fill-warn" />
      </svg>
      <span className="max-xl:sr-only">Hydradesk</span>
    </Link>
  );
}

function SystemLink() {
  return (
    <Link
      to="/system"
      aria-label="System status"
      title="System status"
      className="inline-flex size-7 pointer-coarse:size-9 items-center justify-center rounded text-dim hover:bg-raised hover:text-ink"
      activeProps={{ className: "bg-raised text-ink" }}
    >
      <Icon name="server" />
    </Link>
  );
}

export function Header({ onHelp }: { onHelp: () => void }) {
  const viewport = useViewport();
  if (viewport === "phone") return <PhoneHeader />;
  return <WideHeader onHelp={onHelp} roomy={viewport === "wide"} compact={viewport === "tablet"} />;
}

function WideHeader({ onHelp, roomy, compact }: { onHelp: () => void; roomy: boolean; compact: boolean }) {
  const { symbol } = useDesk();
  const trading = useMay("portfolio:read");
  const gap = compact ? "gap-x-2" : "gap-x-4";
  // What does not fit moves to a second line: prices and equities are as long as they are.
  return (
    <header className={`flex min-h-12 shrink-0 flex-wrap items-center gap-y-1 border-b border-line bg-panel px-3 py-0.5 ${gap}`}>
      <Logo />
      <SymbolSwitch short={compact} />
      <LastPrice symbol={symbol} />
      {roomy && <DayRange symbol={symbol} />}
      <div className={`ml-auto flex min-w-0 flex-wrap items-center justify-end gap-y-1 ${gap}`}>
        <Badges />
        {!compact && <StreamState symbol={symbol} />}
        {!compact && <LinkHealth />}
        <DeskClock />
        {trading && <EquityBadge />}
        <nav aria-label="Tools" className="flex items-center">
          <AlertsButton symbol={symbol} />
          <SystemLink />
          <IconButton label="Keyboard shortcuts (?)" icon="keyboard" onClick={onHelp} />
          <ThemeButton />
          <SessionLinks />
        </nav>
      </div>
    </header>
  );
}

function PhoneHeader() {
  const { symbol } = useDesk();
  const trading = useMay("portfolio:read");
  return (
    <header className="shrink-0 border-b border-line bg-panel px-2 pt-[env(safe-area-inset-top)]">
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-2 py-0.5">
        <SymbolSwitch short />
        <Badges />
        <span className="-mr-1 flex">
          <AlertsButton symbol={symbol} />
          <SystemLink />
          <ThemeButton />
          <SessionLinks />
        </span>
      </div>
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-2 py-0.5">
        <LastPrice symbol={symbol} />
        <HealthDots symbol={symbol} />
        <DeskClock />
        {trading && <EquityBadge />}
      </div>
    </header>
  );
}
