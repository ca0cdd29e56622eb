import { useEffect } from "react";

export interface Shortcut {
  keys: readonly string[];
  shown: string;
  meaning: string;
  run: () => void;
}

const WRITING = "input, textarea, select, [contenteditable='true']";

/** Keys that a focused control needs for itself are left to it. */
function takenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches(WRITING)) return true;
  return key === " " && target.closest("button, summary, a, [role='tab'], [role='radio']") !== null;
}

export function handle(event: KeyboardEvent, shortcuts: readonly Shortcut[]): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  if (document.querySelector("dialog[open]") !== null || takenBy(event.target, event.key)) return false;
  const hit = shortcuts.find((shortcut) => shortcut.keys.includes(event.key.toLowerCase()));
  if (hit === undefined) return false;
  event.preventDefault();
  hit.run();
  return true;
}

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      handle(event, shortcuts);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
    };
  }, [shortcuts]);
}
