interface SparklineProps {
  values: readonly (number | null)[];
  label: string;
  className?: string;
  /** Bars around zero instead of a line. */
  bars?: boolean;
}

const WIDTH = 100;
const HEIGHT = 24;

function ends(values: number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** A word-sized picture of the last values; without a scale, so the number stands beside it. */
export function Sparkline({ values, label, className = "text-accent", bars = false }: SparklineProps) {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length < 2) return <span className="block h-6" />;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={`h-6 w-full ${className}`}
    >
      {bars ? <Bars values={known} /> : <Line values={known} />}
    </svg>
  );
}

function Line({ values }: { values: number[] }) {
  const [low, high] = ends(values);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <polyline
      points={points.join(" ")}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      vectorEffect="non-scaling-stroke"
      strokeLinejoin="round"
    />
  );
}

function Bars({ values }: { values: number[] }) {
  const top = Math.max(...values.map((value) => Math.abs(value))) || 1;
  const step = WIDTH / values.length;
  const middle = HEIGHT / 2;
  return values.map((value, index) => {
    const height = (Math.abs(value) / top) * (middle - 1);
    return (
      <rect
        key={index}
        x={index * step + step * 0.15}
        width={step * 0.7}
        y={value >= 0 ? middle - height : middle}
        height={Math.max(height, 0.5)}
        className={value >= 0 ? "fill-up" : "fill-down"}
      />
    );
  });
}
