import { findJsonFault } from "../../../src/contract/json-value";

/** `depth` objects or arrays around a number. */
function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) {
    value = wrap(value);
  }
  return value;
}

it.each([
  ["null", null],
  ["true", true],
  ["false", false],
  ["a number", -1.5e15],
  ["the largest whole number that the encoding between nodes carries", 2 ** 63 - 1_024],
  ["0", 0],
  ["a text", "text"],
  ["an empty text", ""],
  ["an empty object", {}],
  ["an empty array", []],
  ["members of every kind", { a: [1, "b", null, true, { c: [] }], "": "an empty key", constructor: 1, toString: "x" }],
])("finds nothing wrong with %s", (_what, value) => {
  expect(findJsonFault(value, 8)).toBeUndefined();
});

it.each([
  ["undefined", undefined],
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  ["a big integer", 1n],
  ["bytes", Buffer.from("hi")],
  ["bytes in an object", { file: Buffer.from("hi") }],
  ["undefined in an array", [undefined]],
])("refuses %s as something that is not JSON", (_what, value) => {
  expect(findJsonFault(value, 8)).toBe("holds something that is not JSON");
});

it.each([
  ["NaN", Number.NaN],
  ["a number that JSON writes as null", JSON.parse("1e400")],
  ["a whole number that the encoding between nodes does not carry", 2 ** 63],
  ["a negative one", -1e300],
  ["a negative one that JSON writes as null, deep inside", { a: [{ b: JSON.parse("-1e400") }] }],
])("refuses %s", (_what, value) => {
  expect(findJsonFault(value, 8)).toBe("holds a number that is too large");
});

it.each([
  ["NUL", "a\0b"],
  ["a lone surrogate", "\ud800"],
  ["NUL in an array", ["fine", "a\0b"]],
  ["a lone surrogate deep inside", { a: { b: ["\udc00"] } }],
])("refuses text with %s", (_what, value) => {
  expect(findJsonFault(value, 8)).toBe("holds NUL or a lone surrogate");
});

it.each([
  ["__proto__", JSON.parse('{"__proto__":{"isAdmin":true}}')],
  ["__proto__ deep inside", JSON.parse('{"a":[{"__proto__":1}]}')],
  ["a key with NUL", { "a\0b": 1 }],
  ["a key with a lone surrogate", { "\ud800": 1 }],
])("refuses %s", (_what, value) => {
  expect(findJsonFault(value, 8)).toBe("holds a key that is not allowed");
});

describe.each([
  ["objects", (inner: unknown) => ({ inner })],
  ["arrays", (inner: unknown) => [inner]],
])("levels of %s", (_what, wrap) => {
  it("are taken up to the limit, and not beyond it", () => {
    expect(findJsonFault(nested(3, wrap), 3)).toBeUndefined();
    expect(findJsonFault(nested(4, wrap), 3)).toBe("is nested too deep");
  });

  it("are not followed beyond the limit, however many there are", () => {
    expect(findJsonFault(nested(200_000, wrap), 8)).toBe("is nested too deep");
  });
});

it("counts an empty object as a level", () => {
  expect(findJsonFault({}, 1)).toBeUndefined();
  expect(findJsonFault({}, 0)).toBe("is nested too deep");
});

it("finds the fault that comes after many good members", () => {
  expect(findJsonFault([...Array<number>(1_000).fill(1), "\0"], 1)).toBe("holds NUL or a lone surrogate");
});
