/** What somebody said. */
export interface Speech {
  nick: string;
  text: string;
}

/** One log: what was said, and how much of the file was something else. */
export interface IrcLog {
  lines: number;
  speeches: Speech[];
  /** Lines of speech without a word in them. */
  empty: number;
  /** Renames, joins, actions and the like. */
  notSpeech: number;
}

/** `s`: people's words also hold \r and other characters at which a line could end. */
const SPEECH_PATTERN = /^\[\d\d:\d\d\] <([^>]+)> ?(.*)$/s;

/** Reads a log: `[hh:mm] <nick> text` a line, and `=== ...` for everything that is not speech. */
export function parseIrcLog(text: string): IrcLog {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const log: IrcLog = { lines: lines.length, speeches: [], empty: 0, notSpeech: 0 };
  for (const line of lines) {
    const [, nick, words] = SPEECH_PATTERN.exec(line) ?? [];
    if (nick === undefined || words === undefined) {
      log.notSpeech += 1;
    } else if (words.trim() === "") {
      log.empty += 1;
    } else {
      log.speeches.push({ nick, text: words });
    }
  }
  return log;
}
