/** A page of an app that uses examples/react/use-room.ts; react-hook.test.ts builds, serves and uses it. */
import { type FormEvent, StrictMode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "roomful-client";

import { useConnection, useRoom } from "../../../../examples/react/use-room";

const options = new URLSearchParams(location.search);
const client = createClient({ url: options.get("url") ?? "", token: options.get("token") ?? "" });

function Chat() {
  const { messages, status, actions } = useRoom(client, "hooked");
  const connection = useConnection(client);
  const renders = useRef(0);
  renders.current += 1;
  useEffect(() => {
    document.body.dataset["renders"] = String(renders.current);
  });
  const [text, setText] = useState("");

  function send(event: FormEvent): void {
    event.preventDefault();
    void actions.send(text);
    setText("");
  }

  return (
    <form onSubmit={send}>
      <p data-room-status={status} data-connection={connection.status} />
      <ul>
        {messages.map(({ key, content, status }) => (
          <li key={key} data-status={status}>
            {content}
          </li>
        ))}
      </ul>
      <input aria-label="Message" value={text} onChange={({ target }) => setText(target.value)} />
    </form>
  );
}

const root = createRoot(document.getElementById("root") ?? document.body);
// React then renders, subscribes and forgets twice what it does once elsewhere.
root.render(
  <StrictMode>
    <Chat />
  </StrictMode>,
);

// What an app does when it is left: the test says when.
addEventListener("leave-app", () => {
  root.unmount();
  client.close();
});
