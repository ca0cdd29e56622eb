/** Rows of dark and light modules as one path: each run of dark ones is a rectangle. */
export function qrPath(modules: readonly string[]): string {
  return modules
    .flatMap((row, y) => [...row.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`))
    .join("");
}

const QUIET = 4;

/** A code for a phone's camera: dark on white in either theme, with the quiet border that readers need. */
export function Qr({ modules, label }: { modules: readonly string[]; label: string }) {
  const size = modules.length + 2 * QUIET;
  return (
    <svg viewBox={`${-QUIET} ${-QUIET} ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges" className="size-48 shrink-0 rounded border border-line">
      <rect x={-QUIET} y={-QUIET} width={size} height={size} fill="#ffffff" />
      <path d={qrPath(modules)} fill="#000000" />
    </svg>
  );
}
