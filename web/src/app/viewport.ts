import { useSyncExternalStore } from "react";

export type Viewport = "phone" | "tablet" | "desk" | "wide";

const QUERIES = {
  wide: "(min-width: 1920px)",
  desk: "(min-width: 1180px)",
  tablet: "(min-width: 700px)",
} as const;

function current(): Viewport {
  for (const [name, query] of Object.entries(QUERIES)) {
    if (window.matchMedia(query).matches) return name as Viewport;
  }
  return "phone";
}

function listen(listener: () => void): () => void {
  const lists = Object.values(QUERIES).map((query) => window.matchMedia(query));
  for (const list of lists) list.addEventListener("change", listener);
  return () => {
    for (const list of lists) list.removeEventListener("change", listener);
  };
}

/** Panels that a screen has no room for are not drawn at all, rather than hidden. */
export function useViewport(): Viewport {
  return useSyncExternalStore(listen, current);
}
