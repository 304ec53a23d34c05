/** A piece of a message: text, or an address that may be followed. */
export interface TextPart {
  text: string;
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"'`，。；：、！？（）「」『』《》]+/gi;
/** By the bracket that closes. */
const OPENING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
/** What ends a sentence rather than an address. */
const TRAILING = new Set(".,;:!?*_~");

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

/** Brackets around an address are not of it; brackets inside are: `https://example.org/a_(b)`. Looks at each character twice. */
function withoutTail(found: string): string {
  const counts = new Map<string, number>();
  for (const character of found) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found.charAt(end - 1);
    const opening = Object.hasOwn(OPENING, last) ? OPENING[last] : undefined;
    if (opening !== undefined) {
      const closed = counts.get(last) ?? 0;
      if (closed <= (counts.get(opening) ?? 0)) {
        break;
      }
      counts.set(last, closed - 1);
    } else if (!TRAILING.has(last)) {
      break;
    }
  }
  return found.slice(0, end);
}

function hrefOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url.href : undefined;
}
