const sizes = new WeakMap<object, number>();

/** Bytes of a value as JSON on the wire, with what separates it from the next. Counted once for each object: it must not change. */
export function wireBytesOf(value: object): number {
  let bytes = sizes.get(value);
  if (bytes === undefined) {
    bytes = Buffer.byteLength(JSON.stringify(value)) + 1;
    sizes.set(value, bytes);
  }
  return bytes;
}
