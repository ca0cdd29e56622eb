import { useEffect, useSyncExternalStore } from "react";

import { oneOf, stored } from "./storage";

export type ThemeChoice = "system" | "dark" | "light";
export type Theme = "dark" | "light";

export const themeChoice = stored<ThemeChoice>("theme", (raw) => oneOf(["system", "dark", "light"], raw, "system"));

const DARK = "(prefers-color-scheme: dark)";

function watchSystem(listener: () => void): () => void {
  const query = window.matchMedia(DARK);
  query.addEventListener("change", listener);
  return () => {
    query.removeEventListener("change", listener);
  };
}

function systemTheme(): Theme {
  return window.matchMedia(DARK).matches ? "dark" : "light";
}

/** The theme that is seen, whichever way it was chosen. */
export function useTheme(): Theme {
  const system = useSyncExternalStore(watchSystem, systemTheme);
  const choice = themeChoice.use();
  return choice === "system" ? system : choice;
}

/** Writes the choice to the document, where the style sheet reads it. */
export function useThemeOnDocument(): void {
  const choice = themeChoice.use();
  useEffect(() => {
    const root = document.documentElement;
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
  }, [choice]);
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: "dark", dark: "light", light: "system" };

export function nextTheme(): void {
  themeChoice.write(NEXT[themeChoice.read()]);
}
