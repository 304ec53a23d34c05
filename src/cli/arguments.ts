import { ROOM_NAME_PATTERN } from "../contract/names";

/** Throws what a person can mend. */
export function checkRoomName(name: string): void {
  if (!ROOM_NAME_PATTERN.test(name)) {
    throw new Error(`"${name}" is not a room name: 1 to 64 letters, digits, and . _ : - after the first`);
  }
}

/** Throws what a person can mend. */
export function checkNamespace(namespace: string, namespaces: readonly string[]): void {
  if (!namespaces.includes(namespace)) {
    throw new Error(`"${namespace}" is not one of the namespaces ${namespaces.join(", ")}`);
  }
}
