import type { ButtonHTMLAttributes } from "react";

import { Icon, type IconName } from "./Icon";

const LOOKS = {
  plain: "border-line bg-raised text-ink hover:border-edge",
  quiet: "border-transparent text-dim hover:bg-raised hover:text-ink",
  buy: "border-transparent bg-up text-onfill font-semibold hover:brightness-110",
  sell: "border-transparent bg-down text-onfill font-semibold hover:brightness-110",
  accent: "border-transparent bg-accent text-onfill font-semibold hover:brightness-110",
  danger: "border-down/50 text-down hover:bg-down/12",
} as const;

const SIZES = {
  tiny: "h-6 px-2 text-2xs pointer-coarse:h-8",
  small: "h-7 px-2.5 text-xs",
  full: "h-9 px-3 text-sm w-full pointer-coarse:h-11",
} as const;

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
  icon?: IconName;
}

export function Button({ look = "plain", size = "small", icon, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`inline-flex items-center justify-center gap-1.5 rounded border whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-45 ${LOOKS[look]} ${SIZES[size]} ${className}`}
      {...rest}
    >
      {icon !== undefined && <Icon name={icon} className="size-3.5" />}
      {children}
    </button>
  );
}

/** A square button with a picture; its label is spoken and shown as a tooltip. */
export function IconButton({ label, icon, className = "", ...rest }: ButtonProps & { label: string; icon: IconName }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`inline-flex size-7 pointer-coarse:size-9 shrink-0 items-center justify-center rounded text-dim transition-colors hover:bg-raised hover:text-ink disabled:cursor-not-allowed disabled:opacity-45 ${className}`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
