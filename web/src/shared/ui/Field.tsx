import { useId, type InputHTMLAttributes, type ReactNode } from "react";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  unit?: string;
  /** What is wrong and how to put it right; shown under the field and spoken with it. */
  problem?: { message: string; fix: string } | undefined;
  aside?: ReactNode;
}

export function Field({ label, unit, problem, aside, className = "", ...rest }: FieldProps) {
  const id = useId();
  const wrong = problem !== undefined;
  return (
    <div className={className}>
      <div className="mb-1 flex items-baseline justify-between gap-2 text-2xs text-dim">
        <label htmlFor={id}>{label}</label>
        <span>{aside}</span>
      </div>
      <div
        className={`flex h-8 items-center rounded border bg-canvas focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-accent ${wrong ? "border-down" : "border-line"}`}
      >
        <input
          id={id}
          aria-invalid={wrong}
          aria-describedby={wrong ? `${id}-problem` : undefined}
          autoComplete="off"
          spellCheck={false}
          className="min-w-0 flex-1 bg-transparent px-2.5 text-sm outline-none max-md:text-base"
          {...rest}
        />
        {unit !== undefined && <span className="pr-2.5 text-2xs text-dim">{unit}</span>}
      </div>
      {wrong && (
        <p id={`${id}-problem`} role="alert" className="mt-1 text-2xs text-down">
          {problem.message} {problem.fix !== "" && <span className="text-ink">{problem.fix}</span>}
        </p>
      )}
    </div>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

export function Switch({ label, on, disabled = false, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => {
        onChange(!on);
      }}
      className={`relative h-[1.125rem] w-8 shrink-0 rounded-full border transition-colors disabled:opacity-50 ${on ? "border-transparent bg-accent" : "border-edge bg-canvas"}`}
    >
      <span
        className={`absolute top-1/2 left-0.5 size-3 -translate-y-1/2 rounded-full transition-transform ${on ? "translate-x-3.5 bg-onfill" : "bg-dim"}`}
      />
    </button>
  );
}
