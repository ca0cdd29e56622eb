import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { controlFeed } from "../../shared/api/actions";
import { feedQuery } from "../../shared/api/queries";
import { useMay } from "../../shared/api/session";
import type { Feed, FeedCommand } from "../../shared/api/types";
import { hearClock, useDeskNow } from "../../shared/lib/clock";
import { useCommand, type Command } from "../../shared/lib/commands";
import { dateText, fullStamp, inputFromMs, utcFromInput } from "../../shared/lib/time";
import { Button, IconButton } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Segmented } from "../../shared/ui/Segmented";
import { toastFailure } from "../../shared/ui/toasts";
import { progress, SPEEDS, timeAt } from "./replayRange";

function useControl() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (command: FeedCommand) => controlFeed(command),
    onSuccess: (feed) => {
      hearClock(feed);
      // A new session is announced by the socket, which clears everything before showing it.
      const old = client.getQueryData(feedQuery.queryKey);
      if (old?.session === feed.session) client.setQueryData(feedQuery.queryKey, feed);
    },
    onError: (error) => {
      toastFailure("The feed did not obey", error);
    },
  });
}

/** Playing a recording: only there when the feed is one, for whoever runs the desk. */
export function ReplayBar() {
  const feed = useQuery(feedQuery).data;
  const mayControl = useMay("desk:write");
  return feed?.feed === "replay" && mayControl ? <Controls feed={feed} /> : null;
}

function Controls({ feed }: { feed: Feed }) {
  const control = useControl();
  const { mutate } = control;
  const [asking, setAsking] = useState<"seek" | "restart" | null>(null);
  const toggle = useCallback(() => {
    mutate({ action: feed.paused ? "resume" : "pause" });
  }, [mutate, feed.paused]);
  useCommand(
    useCallback(
      (command: Command) => {
        if (command.kind === "replay-toggle") toggle();
      },
      [toggle],
    ),
  );
  const close = () => {
    setAsking(null);
  };
  return (
    <div className="flex min-h-9 pointer-coarse:min-h-12 shrink-0 flex-wrap items-center gap-x-2 border-b border-line bg-panel px-2 md:gap-3 md:px-3" role="group" aria-label="Replay">
      <IconButton
        label={feed.paused ? "Resume replay (space)" : "Pause replay (space)"}
        icon={feed.paused ? "play" : "pause"}
        disabled={feed.ended}
        onClick={toggle}
        className="text-accent"
      />
      <Segmented
        label="Replay speed"
        value={String(feed.speed)}
        options={SPEEDS.map((speed) => ({ value: String(speed), text: `${speed}×`, title: `${speed} times as fast as life` }))}
        onChange={(speed) => {
          mutate({ action: "speed", speed: SPEEDS.find((known) => String(known) === speed) ?? 1 });
        }}
      />
      <Progress feed={feed} onSeek={(to) => { mutate({ action: "seek", to }); }} />
      <Button size="tiny" look="quiet" onClick={() => { setAsking("seek"); }}>
        Go to…
      </Button>
      <IconButton label="Restart the recording" icon="restart" onClick={() => { setAsking("restart"); }} />
      <SeekDialog feed={feed} open={asking === "seek"} onClose={close} onSeek={(to) => { mutate({ action: "seek", to }); }} />
      <Confirm title="Restart the recording?" open={asking === "restart"} action="Restart" onClose={close} onConfirm={() => { mutate({ action: "restart" }); }}>
        <p>The replay begins again at {fullStamp(feed.start)}.</p>
      </Confirm>
    </div>
  );
}

function Progress({ feed, onSeek }: { feed: Feed; onSeek: (to: string) => void }) {
  const now = useDeskNow();
  const { start, end } = feed;
  const [wish, setWish] = useState<number | null>(null);
  if (end === null) return <span className="flex-1" />;
  const at = progress(start, end, now);
  const shown = wish ?? at * 1000;
  const release = () => {
    if (wish !== null) onSeek(timeAt(start, end, wish / 1000));
    setWish(null);
  };
  return (
    <div className="hidden min-w-0 flex-1 basis-72 items-center gap-2 text-2xs text-dim md:flex">
      <span className="hidden whitespace-nowrap lg:block">{dateText(Date.parse(start))}</span>
      <input
        type="range"
        min={0}
        max={1000}
        step={1}
        value={shown}
        aria-label="Position in the recording"
        aria-valuetext={fullStamp(timeAt(start, end, shown / 1000))}
        className="h-1 min-w-0 flex-1 accent-accent"
        onChange={(event) => {
          setWish(event.currentTarget.valueAsNumber);
        }}
        onPointerUp={release}
        onKeyUp={release}
        onBlur={() => {
          setWish(null);
        }}
      />
      <span className="hidden whitespace-nowrap lg:block">{dateText(Date.parse(end))}</span>
      <span className="w-40 min-w-0 truncate text-right text-ink">
        {wish === null ? `${(at * 100).toFixed(1)} % played` : `→ ${fullStamp(timeAt(start, end, wish / 1000)).slice(0, 16)}`}
      </span>
    </div>
  );
}

interface SeekProps {
  feed: Feed;
  open: boolean;
  onClose: () => void;
  onSeek: (to: string) => void;
}

function SeekDialog({ feed, open, onClose, onSeek }: SeekProps) {
  const [value, setValue] = useState(() => inputFromMs(Date.parse(feed.clock)));
  const to = utcFromInput(value);
  return (
    <Dialog title="Go to a time in the recording" open={open} onClose={onClose}>
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (to === null) return;
          onSeek(to);
          onClose();
        }}
      >
        <Field
          label="Date and time"
          unit="UTC"
          type="datetime-local"
          value={value}
          {...(feed.end === null ? {} : { max: inputFromMs(Date.parse(feed.end)) })}
          problem={to === null ? { message: "This is not a time.", fix: "Pick a date and an hour." } : undefined}
          onChange={(event) => {
            setValue(event.currentTarget.value);
          }}
        />
        <p className="text-2xs text-dim">
          This session began at {fullStamp(feed.start)}; the recording ends {feed.end === null ? "when you stop it" : `at ${fullStamp(feed.end)}`} and may
          begin earlier. A jump opens a new session with its own new paper account; no ledger is ever rewound.
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Stay here</Button>
          <Button type="submit" look="accent" disabled={to === null}>
            Go there
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
