import type { z } from "zod";

import { answerSchemas, errorReply, serverEventSchemas } from "../../contract/event-schemas";
import type { PayloadLimits } from "../../contract/fields";
import { createPayloadSchemas } from "../../contract/payload-schemas";
import { type JsonSchema, WireSchemas } from "./wire-schema";

const DESCRIPTION = `Roomful's events over Socket.IO. The token goes into the handshake: \`io(url, { auth: { token } })\`.

Every event of a client takes an acknowledgement and always answers it: \`{ ok: true, data }\` or \`{ ok: false, error }\`.`;

const CHANNEL = "#/channels/namespace";
const EXAMPLE_HOST = "127.0.0.1:3000";

/** The AsyncAPI 3 document of the sockets' events, from the server's side: it receives what clients send. */
export function createAsyncApi(limits: PayloadLimits, basePath = ""): JsonSchema {
  const schemas = new WireSchemas();
  const error = schemas.of(errorReply, "output");
  const clientEvents = Object.entries<z.ZodType>(createPayloadSchemas(limits));
  const serverEvents = Object.entries<z.ZodType>(serverEventSchemas);
  const answerOf = (event: string): z.ZodType => answerSchemas[event as keyof typeof answerSchemas];

  const messages: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const [event, schema] of clientEvents) {
    messages[`client_${event}`] = { name: event, title: `${event}, by a client`, payload: schemas.of(schema, "input") };
    messages[`answer_${event}`] = {
      name: event,
      title: `Acknowledgement of ${event}`,
      payload: acknowledgementOf(schemas.of(answerOf(event), "output"), error),
    };
    operations[`receive_${event}`] = {
      action: "receive",
      channel: { $ref: CHANNEL },
      summary: `A client sends ${event}.`,
      messages: [{ $ref: `${CHANNEL}/messages/client_${event}` }],
      reply: { channel: { $ref: CHANNEL }, messages: [{ $ref: `${CHANNEL}/messages/answer_${event}` }] },
    };
  }
  for (const [event, schema] of serverEvents) {
    messages[`server_${event}`] = {
      name: event,
      title: `${event}, by the server`,
      payload: schemas.of(schema, "output"),
    };
    operations[`send_${event}`] = {
      action: "send",
      channel: { $ref: CHANNEL },
      summary: `The server sends ${event}.`,
      messages: [{ $ref: `${CHANNEL}/messages/server_${event}` }],
    };
  }
  return {
    asyncapi: "3.0.0",
    info: { title: "Roomful events", version: "1.0.0", description: DESCRIPTION, license: { name: "MIT" } },
    defaultContentType: "application/json",
    servers: {
      socketio: {
        // Where the document was read: no node knows under which names it is reached.
        host: "{host}",
        variables: { host: { default: EXAMPLE_HOST, description: "Host and port of the service." } },
        pathname: `${basePath}/socket.io/`,
        protocol: "ws",
        description: "Socket.IO. `pathname` is the client's option `path`; a namespace is no part of it.",
      },
    },
    channels: {
      namespace: {
        address: "/",
        description: "A Socket.IO namespace: `/`, or another one of `ROOMFUL_NAMESPACES`.",
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations,
    components: { messages, schemas: schemas.shared },
  };
}

function acknowledgementOf(data: JsonSchema, error: JsonSchema): JsonSchema {
  const of = (ok: boolean, name: string, schema: JsonSchema): JsonSchema => ({
    type: "object",
    properties: { ok: { const: ok }, [name]: schema },
    required: ["ok", name],
    additionalProperties: false,
  });
  return { oneOf: [of(true, "data", data), of(false, "error", error)] };
}
