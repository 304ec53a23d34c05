/** A piece of a message: text, or an address that may be followed. */
export interface TextPart {
  text: string;
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"'`，。；：、！？（）「」『』《》]+/gi;
const BRACKETS = [
  { open: "(", close: ")" },
  { open: "[", close: "]" },
  { open: "{", close: "}" },
];
/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?*_~]+$/;

/** Finds addresses in a message. Only `http` and `https` become links; everything else stays text. */
export function splitLinks(content: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: found, index } of content.matchAll(ADDRESS)) {
    const text = withoutTail(found);
    const href = hrefOf(text);
    if (href !== undefined) {
      parts.push({ text: content.slice(end, index) }, { text, href });
      end = index + text.length;
    }
  }
  parts.push({ text: content.slice(end) });
  return parts.filter(({ text }) => text !== "");
}

/** Brackets around an address are not of it; brackets inside are: `https://example.org/a_(b)`. */
function withoutTail(found: string): string {
  let text = found;
  for (;;) {
    let next = text.replace(TRAILING, "");
    for (const { open, close } of BRACKETS) {
      if (next.endsWith(close) && next.split(close).length > next.split(open).length) {
        next = next.slice(0, -1);
      }
    }
    if (next === text) {
      return text;
    }
    text = next;
  }
}

function hrefOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url.href : undefined;
}
