import type { Locator, Page } from "playwright-core";

import type { ConnectionStatus, MessageStatus, RoomStatus } from "../../../client/src";
import type { WatchedPage } from "./browser";

/** A message as it stands in the page. */
export interface ShownMessage {
  id: string;
  userId: string;
  status: MessageStatus;
  content: string;
}

/** The page as a person uses it: by what things are called, and not by how they are built. English, unless said. */
export class ChatPage {
  readonly page: Page;
  /** As `WatchedPage` has them. */
  readonly faults: string[];
  readonly name: Locator;
  readonly composer: Locator;
  readonly log: Locator;
  readonly rooms: Locator;
  readonly people: Locator;

  constructor({ page, faults }: WatchedPage) {
    this.page = page;
    this.faults = faults;
    this.name = page.getByRole("textbox", { name: "Your name" });
    this.composer = page.getByRole("textbox", { name: "Message", exact: true });
    this.log = page.getByRole("log", { name: "Messages" });
    this.rooms = page.getByRole("navigation", { name: "Rooms" });
    this.people = page.getByRole("complementary", { name: "People" });
  }

  async signIn(name: string): Promise<void> {
    await this.name.fill(name);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.connectionIs("connected");
  }

  /** Finds or makes a room, and waits until everything of it is here. */
  async openRoom(room: string): Promise<void> {
    const find = this.page.getByRole("textbox", { name: "Find or make a room" });
    if (!(await find.isVisible())) {
      // On a phone, rooms are in a drawer.
      await this.page.getByRole("button", { name: "Rooms", exact: true }).click();
    }
    await find.fill(room);
    await this.page.getByRole("button", { name: "Open", exact: true }).click();
    await this.page.getByRole("heading", { level: 1, name: room }).waitFor();
    await this.roomIs("live");
  }

  async send(content: string): Promise<void> {
    await this.composer.fill(content);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** Waits for a message that is shown, in this state if one is given. */
  async shows(content: string, status?: MessageStatus): Promise<Locator> {
    const message = this.message(content, status);
    await message.waitFor();
    return message;
  }

  message(content: string, status?: MessageStatus): Locator {
    const state = status ? `[data-status="${status}"]` : "";
    return this.log
      .locator(`[data-message-id]${state}:not([data-system])`)
      .filter({ has: this.page.locator("[data-content]").getByText(content, { exact: true }) });
  }

  /** The messages of people that the page holds now, from top to bottom. */
  messages(): Promise<ShownMessage[]> {
    return this.log.locator("[data-message-id]:not([data-system])").evaluateAll((rows) =>
      rows.map((row) => ({
        id: row.getAttribute("data-message-id") ?? "",
        userId: row.getAttribute("data-user") ?? "",
        status: (row.getAttribute("data-status") ?? "") as MessageStatus,
        content: row.querySelector("[data-content]")?.textContent ?? "",
      })),
    );
  }

  /** Waits for the tab to have this title. */
  async titleIs(title: string): Promise<void> {
    await this.page.waitForFunction((expected) => document.title === expected, title);
  }

  /** Brings the tab to the front, or puts another before it, as far as the page can tell. */
  setVisible(isVisible: boolean): Promise<void> {
    return this.page.evaluate(
      (visibilityState) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibilityState });
        document.dispatchEvent(new Event("visibilitychange"));
      },
      isVisible ? "visible" : "hidden",
    );
  }

  /** Waits for the connection to be in this state. */
  connectionIs(status: ConnectionStatus): Promise<void> {
    return this.page.locator(`[data-connection="${status}"]`).waitFor({ state: "attached" });
  }

  connectionIsNot(status: ConnectionStatus): Promise<void> {
    return this.page.locator(`[data-connection]:not([data-connection="${status}"])`).waitFor({ state: "attached" });
  }

  roomIs(status: RoomStatus): Promise<void> {
    return this.page.locator(`[data-room-status="${status}"]`).waitFor({ state: "attached" });
  }
}

/** Signs somebody in on a page that has just been opened, and opens a room. */
export async function enterRoom(watched: WatchedPage, name: string, room: string): Promise<ChatPage> {
  const chat = new ChatPage(watched);
  await chat.signIn(name);
  await chat.openRoom(room);
  return chat;
}
