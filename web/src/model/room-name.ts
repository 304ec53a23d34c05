/** The service's own pattern: src/contract/names.ts. */
const ROOM_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

export function isRoomName(text: string): boolean {
  return ROOM_NAME.test(text);
}

/** What was typed as a name, without the `#` that people write before it. */
export function toRoomName(text: string): string {
  return text.trim().replace(/^#/, "");
}

/** The room that an address names: `#/lobby`. */
export function roomOfHash(hash: string): string | undefined {
  const name = hash.startsWith("#/") ? hash.slice(2) : "";
  return isRoomName(name) ? name : undefined;
}

/** A room's name needs no escape in an address. */
export function hashOfRoom(name: string): string {
  return `#/${name}`;
}
