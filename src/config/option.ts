import { z } from "zod";

/** One thing that can be set: how its text is read, what it is when nothing is said, and what it means. */
export interface Option<Value> {
  readonly isOption: true;
  /** Reads the text of the environment variable; also says, through its errors, what was expected. */
  readonly schema: z.ZodType<Value, string>;
  readonly default: Value;
  readonly doc: string;
  /** Name of the variable, where scripts rely on one; otherwise it is made from the option's path. */
  readonly env?: string;
  /** What 0 means; absent where 0 is refused or no number is meant. */
  readonly zero?: string;
  /** The value is never shown. */
  readonly isSecret?: boolean;
}

interface OptionText {
  env?: string;
  isSecret?: boolean;
}

interface NumberText extends OptionText {
  /** What 0 means; without it 0 is refused. */
  zero?: string;
}

/** A whole number; its unit is the last word of its name. */
export function wholeNumber(fallback: number, doc: string, { zero, ...text }: NumberText = {}): Option<number> {
  const min = zero === undefined ? 1 : 0;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, `a whole number from ${min}`)
    .transform(Number)
    .refine((value) => value >= min, `a whole number from ${min}`);
  return { isOption: true, schema, default: fallback, doc, ...(zero !== undefined && { zero }), ...text };
}

/** `true` or `false`. */
export function yesOrNo(fallback: boolean, doc: string, text: OptionText = {}): Option<boolean> {
  const schema = z.enum(["true", "false"], "true or false").transform((value) => value === "true");
  return { isOption: true, schema, default: fallback, doc, ...text };
}

/** One of some words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  fallback: Word,
  doc: string,
  text: OptionText = {},
): Option<Word> {
  const schema = z.enum(words, `one of ${words.join(", ")}`);
  return { isOption: true, schema: schema as z.ZodType<Word, string>, default: fallback, doc, ...text };
}

/** Some text, or nothing. */
export function optionalText(doc: string, text: OptionText = {}): Option<string | undefined> {
  return { isOption: true, schema: z.string(), default: undefined, doc, ...text };
}

/** Some text. */
export function requiredText(fallback: string, doc: string, text: OptionText = {}): Option<string> {
  return { isOption: true, schema: z.string(), default: fallback, doc, ...text };
}

/** A comma-separated list. Spaces around the commas do not count. */
export function listOf<const Word extends string = string>(
  fallback: readonly Word[],
  doc: string,
  text: OptionText & { words?: readonly Word[]; pattern?: RegExp; expected?: string } = {},
): Option<readonly Word[]> {
  const { words, pattern, expected, ...rest } = text;
  const message = expected ?? (words ? `a comma-separated list of ${words.join(", ")}` : "a comma-separated list");
  const fits = (item: string): item is Word =>
    item !== "" && (words ? (words as readonly string[]).includes(item) : !pattern || pattern.test(item));
  const schema = z
    .string()
    .transform((list) => list.split(",").map((item) => item.trim()))
    .refine((items): items is Word[] => items.every(fits), message);
  return { isOption: true, schema: schema as z.ZodType<readonly Word[], string>, default: fallback, doc, ...rest };
}
