import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectionState, Room, RoomStatus } from "roomful-client";

import { connectionProblem, errorText } from "../model/error-text";
import type { Session } from "../model/session";
import { statusText } from "../model/status-text";
import { useWords } from "./language-context";
import { useStore } from "./use-store";

const CAUGHT_UP_MS = 4_000;

/** How things stand with the connection and the room: one line, told to screen readers when it changes. */
export function StatusLine({ session, room }: { session: Session; room: Room }) {
  const connection = useStore(session.client.connection);
  const { status } = useStore(room);
  return <Status {...{ session, connection }} room={status} />;
}

/** The same where no room is open. */
export function ConnectionLine({ session }: { session: Session }) {
  const connection = useStore(session.client.connection);
  return <Status {...{ session, connection }} room={undefined} />;
}

interface StatusProps {
  session: Session;
  connection: ConnectionState;
  room: RoomStatus | undefined;
}

function Status({ session, connection: { status, user }, room }: StatusProps) {
  const { translate } = useWords();
  const hasCaughtUp = useCaughtUp(room);
  const key = statusText({ connection: status, room, isReturning: user !== undefined, hasCaughtUp });
  return (
    <div class="status">
      {(status === "waiting" || status === "refused") && (
        <button type="button" class="button button-quiet" onClick={session.client.connection.reconnect}>
          {translate("connectNow")}
        </button>
      )}
      <span class="status-text" role="status" data-connection={status} data-room-status={room}>
        {translate(key)}
      </span>
    </div>
  );
}

/** What is wrong with the connection, or else with the room, in a sentence under the head; nothing if nothing is. */
export function Problem({ session, error }: { session: Session; error?: Error | undefined }) {
  const { translate } = useWords();
  const problem = connectionProblem(useStore(session.client.connection)) ?? error;
  return (
    problem && (
      <p class="stage-problem" role="alert">
        {translate(...errorText(problem))}
      </p>
    )
  );
}

/** True for a moment when the room is live again after it was not. */
function useCaughtUp(status: RoomStatus | undefined): boolean {
  const wasLive = useRef(false);
  const last = useRef(status);
  const [hasCaughtUp, setCaughtUp] = useState(false);

  useEffect(() => {
    const isBack = status === "live" && last.current !== "live" && wasLive.current;
    last.current = status;
    wasLive.current ||= status === "live";
    setCaughtUp(isBack);
    if (isBack) {
      const timer = setTimeout(() => setCaughtUp(false), CAUGHT_UP_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [status]);
  return hasCaughtUp;
}
