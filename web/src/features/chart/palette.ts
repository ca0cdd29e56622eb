const NAMES = ["canvas", "panel", "line", "edge", "ink", "dim", "up", "down", "accent", "warn", "violet", "teal"] as const;

export type PaletteName = (typeof NAMES)[number];
export type Palette = Record<PaletteName, string>;

/**
 * The style sheet's colours as the canvas can use them. A probe element resolves `light-dark()`,
 * which reading the custom property alone would not.
 */
export function readPalette(): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (name: PaletteName) => {
    probe.style.color = `var(--color-${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Palette;
  probe.remove();
  return palette;
}

/** rgb(1, 2, 3) with an opacity. */
export function faded(color: string, opacity: number): string {
  return color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}
