import type { TestServer } from "roomful/testing";

import { SupportDesk, type SupportDeskOptions } from "../../src/support-desk";

const desks: SupportDesk[] = [];

/** A support desk of one person, signed in at a test server; `closeDesks` ends it. */
export function openDesk(
  { url, tokens }: Pick<TestServer, "url" | "tokens">,
  userId: string,
  signIn: Omit<SupportDeskOptions, "url"> = { getToken: () => tokens.mint({ userId }) },
): SupportDesk {
  const desk = new SupportDesk({ url, ...signIn });
  desks.push(desk);
  return desk;
}

/** For `afterEach`: a desk that is left open would keep jest from ending. */
export function closeDesks(): void {
  for (const desk of desks.splice(0)) {
    desk.close();
  }
}
