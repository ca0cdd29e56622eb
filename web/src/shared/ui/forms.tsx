import { useId, useState, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";

import { Button, IconButton, type ButtonProps } from "./Button";
import { Field } from "./Field";

interface SecretFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  problem?: { message: string; fix: string } | undefined;
}

/** A password that may be looked at; pasting and password managers are welcome. */
export function SecretField({ label, ...rest }: SecretFieldProps) {
  const [seen, setSeen] = useState(false);
  return (
    <div className="relative">
      <Field label={label} type={seen ? "text" : "password"} autoCapitalize="none" maxLength={128} {...rest} />
      <IconButton
        label={seen ? `Hide ${label.toLowerCase()}` : `Show ${label.toLowerCase()}`}
        icon="eye"
        aria-pressed={seen}
        className={`absolute! top-5 right-1 mt-0.5 ${seen ? "text-accent" : ""}`}
        onClick={() => {
          setSeen(!seen);
        }}
      />
    </div>
  );
}

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  options: readonly { value: string; text: string }[];
}

export function Select({ label, options, className = "", ...rest }: SelectProps) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-2xs text-dim">
        {label}
      </label>
      <select id={id} className="h-8 w-full rounded border border-line bg-canvas px-2 text-sm text-ink max-md:text-base" {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}

interface CheckProps {
  label: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

export function Check({ label, checked, disabled = false, onChange }: CheckProps) {
  return (
    <label className="flex items-start gap-2 text-xs">
      <input
        type="checkbox"
        className="mt-0.5 size-3.5 accent-accent"
        checked={checked}
        disabled={disabled}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
      <span>{label}</span>
    </label>
  );
}

/** A form that the keyboard sends and the browser does not judge: the server's words stand at its fields. */
export function Form({ label, className = "space-y-3", onSend, children }: { label: string; className?: string; onSend: () => void; children: ReactNode }) {
  return (
    <form
      aria-label={label}
      noValidate
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
    </form>
  );
}

/** The button that sends a form, saying when it is at work. */
export function Send({ busy, busyText = "Working…", children, ...rest }: ButtonProps & { busy: boolean; busyText?: string }) {
  return (
    <Button type="submit" look="accent" disabled={busy} aria-busy={busy} {...rest}>
      {busy ? busyText : children}
    </Button>
  );
}
