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
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20a7.5 7.5 0 0 1 15 0",
  shield: "M12 3 5 6v5c0 4.5 3 8 7 10 4-2 7-5.5 7-10V6z",
  key: "M14 4a5 5 0 1 0 1.5 9.8L17 12.3h2v-2h2V7.5l-1-1M15.5 8h.01M11 13l-7 7v-3.5",
  wallet: "M4 7h15v12H4zM4 7l11-3v3M15.5 13h.01",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  copy: "M8 8h11v12H8zM5 16V4h11",
  mail: "M3 6h18v12H3zM3 7l9 6 9-6",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  leave: "M14 4H5v16h9M10 12h11M17 8l4 4-4 4",
  finger: "M7 19c1-2 1.5-4.5 1.5-7a3.5 3.5 0 0 1 7 0c0 3-.5 5.5-1.5 8M12 12c0 3.5-.7 6-2 8.5M4.5 15c.5-1 .5-2 .5-3a7 7 0 0 1 12-5M19 10c.3 2 .1 5-.5 7",
  hook: "M12 4a4 4 0 0 1 3.5 6l-3 5M9 9l-3 5.5a4 4 0 1 0 6.5 3.5h5.5",
  people: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M2.5 20a6.5 6.5 0 0 1 13 0M16 5.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3.5 3 3.5 5.5",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
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
