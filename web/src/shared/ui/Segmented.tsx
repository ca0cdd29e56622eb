interface SegmentedProps<T extends string> {
  label: string;
  options: readonly { value: T; text: string; title?: string }[];
  value: T;
  onChange: (value: T) => void;
  tone?: (value: T) => string;
  wide?: boolean;
}

/** One of a few: a radio group that looks like joined buttons; arrow keys move as the browser does. */
export function Segmented<T extends string>({ label, options, value, onChange, tone, wide = false }: SegmentedProps<T>) {
  // A value that is no option (a speed set elsewhere) must not lock the keyboard out.
  const unset = options.every((option) => option.value !== value);
  return (
    <div
      role="radiogroup"
      tabIndex={-1}
      aria-label={label}
      className={`${wide ? "flex" : "inline-flex max-w-full shrink-0"} flex-wrap rounded border border-line bg-canvas p-0.5`}
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const at = options.findIndex((option) => option.value === value);
        const next = options[(at + step + options.length) % options.length];
        if (next === undefined) return;
        onChange(next.value);
        event.currentTarget.querySelector<HTMLElement>(`[data-value="${next.value}"]`)?.focus();
      }}
    >
      {options.map((option) => {
        const chosen = option.value === value;
        const look = chosen ? (tone?.(value) ?? "bg-raised text-ink shadow-[inset_0_0_0_1px_var(--color-edge)]") : "text-dim hover:text-ink";
        return (
          <button
            key={option.value}
            type="button"
            role="radio"
            aria-checked={chosen}
            tabIndex={chosen || (unset && option === options[0]) ? 0 : -1}
            data-value={option.value}
            title={option.title}
            className={`h-6 rounded-[3px] pointer-coarse:h-8 px-2 text-xs font-medium whitespace-nowrap transition-colors ${wide ? "flex-1" : ""} ${look}`}
            onClick={() => {
              onChange(option.value);
            }}
          >
            {option.text}
          </button>
        );
      })}
    </div>
  );
}
