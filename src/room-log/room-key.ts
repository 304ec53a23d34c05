/** Namespace and room as one text. Neither can hold a space. */
export function roomKeyOf(namespace: string, room: string): string {
  return `${namespace} ${room}`;
}
