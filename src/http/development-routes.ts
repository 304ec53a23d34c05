import type { FastifyInstance } from "fastify";
import { z } from "zod";

import { RoomfulError } from "../contract/roomful-error";

export interface DevelopmentRoutesOptions {
  /** Signs a token for anybody who asks. */
  signToken(claims: { userId: string; username?: string }): string;
}

const bodySchema = z.strictObject({
  userId: z.string().min(1).max(128),
  username: z.string().min(1).max(64).optional(),
});

/** What makes the first minutes easy, and has no place in production: tokens for anybody. */
export function addDevelopmentRoutes(app: FastifyInstance, { signToken }: DevelopmentRoutesOptions): void {
  app.post("/dev/token", (request) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) {
      throw new RoomfulError("PAYLOAD_INVALID", {
        details: body.error.issues.map(({ path }) => ({
          path: path.join("."),
          problem: "is missing, unknown or of a wrong kind",
        })),
      });
    }
    const { userId, username } = body.data;
    return { token: signToken({ userId, ...(username !== undefined && { username }) }) };
  });
}
