import { Component, type ReactNode } from "react";

import { messageOf } from "../api/problem";
import { Button } from "./Button";

interface Props {
  /** What stands in this place, as it reads in a sentence: "the chart". */
  what: string;
  children: ReactNode;
}

/** Keeps a fault in one panel from taking the whole desk off the screen. */
export class Boundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div role="alert" className="flex h-full min-h-24 flex-col items-center justify-center gap-2 bg-panel p-4 text-center">
        <p className="text-xs">Something broke in {this.props.what}. The rest of the desk goes on.</p>
        <p className="max-w-96 text-2xs text-dim">{messageOf(error)}</p>
        <Button
          size="tiny"
          icon="restart"
          onClick={() => {
            this.setState({ error: null });
          }}
        >
          Show it again
        </Button>
      </div>
    );
  }
}
