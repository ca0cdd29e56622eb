import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { useLink, useStream } from "../shared/api/live";
import { finishLeaving, forgetPerson, may, meQuery, useSession } from "../shared/api/session";
import { onSession } from "../shared/api/sessionState";
import { OWN_TOPICS, type SessionSocket } from "./stream";

/** What begins and ends with a session: the socket's rights, what is cached, what is remembered. */
export function SessionKeeper() {
  useSessionEvents();
  useOwnTopics();
  useFarewell();
  return null;
}

function useSessionEvents(): void {
  const client = useQueryClient();
  const socket = useStream() as SessionSocket;
  useEffect(
    () =>
      onSession((event) => {
        if (event === "ended") forgetPerson(client);
        if (event === "began") void client.invalidateQueries({ queryKey: meQuery.queryKey });
        socket.reconnect();
      }),
    [client, socket],
  );
}

/** A person's own topics flow while the person may have them. */
function useOwnTopics(): void {
  const stream = useStream();
  const session = useSession();
  const wanted = OWN_TOPICS.filter(([, scope]) => may(session, scope)).map(([topic]) => topic);
  const names = wanted.join(" ");
  useEffect(() => {
    const leave = names.split(" ").filter(Boolean).map((topic) => stream.subscribe(topic));
    return () => {
      leave.forEach((stop) => {
        stop();
      });
    };
  }, [stream, names]);
}

/** Signed out while the desk was silent: it hears of it with the first line that stands. */
function useFarewell(): void {
  const connected = useLink().state === "connected";
  useEffect(() => {
    if (connected) void finishLeaving();
  }, [connected]);
}
