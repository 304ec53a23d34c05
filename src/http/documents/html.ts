/** Text that is markup already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | readonly Html[];

/** Markup with values in it: what is not markup itself is escaped. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, index) => text + markupOf(parts[index] ?? "")).join(""));
}

/** Text with `code` in backticks, as our descriptions are written. */
export function prose(text: string): Html {
  return new Html(
    escaped(text)
      .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
      .replaceAll("\n\n", "</p><p>"),
  );
}

function markupOf(part: Part): string {
  if (part instanceof Html) {
    return part.text;
  }
  return typeof part === "object" ? part.map(({ text }) => text).join("") : escaped(String(part));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
