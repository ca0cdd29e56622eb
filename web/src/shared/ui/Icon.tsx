const PATHS = {
  bell: "M18 15V11a6 6 0 1 0-12 0v4l-2 3h16l-2-3M10 21h4",
  bellOff: "M9 5.8A6 6 0 0 1 18 11v3M6 9.5V15l-2 3h12M10 21h4M4 4l16 16",
  keyboard: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  moon: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5",
  monitor: "M4 5h16v11H4zM9 20h6M12 16v4",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M9.5 6v12M14.5 6v12",
  restart: "M4 12a8 8 0 1 1 2.5 5.8M4 19v-5h5",
  close: "M6 6l12 12M18 6 6 18",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  chevron: "M8 10l4 4 4-4",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  check: "M5 12.5 10 17.5 19 7",
  warn: "M12 4 2.8 20h18.4zM12 10v5M12 17.6v.1",
  stop: "M8.5 3h7L21 8.5v7L15.5 21h-7L3 15.5v-7zM12 8v5M12 16v.1",
  chart: "M4 4v16h16M8 15l3-5 3 3 5-7",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  ticket: "M4 8h16M4 16h16M14 4l4 4-4 4M10 12l-4 4 4 4",
  book: "M5 4h14v16H5zM9 9h6M9 13h6",
  server: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  sliders: "M4 8h10M18 8h2M4 16h2M10 16h10M16 6v4M8 14v4",
} as const;

export type IconName = keyof typeof PATHS;

/** A stroke picture; it never stands alone as a label. */
export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
