import type { Speech } from "./irc-log";
import { createPacer } from "./pacer";
import { Reader } from "./reader";
import type { RoomReplay } from "./room-replay";
import { Speaker } from "./speaker";
import type { TokenSource } from "./token-source";

export interface ReplayOptions {
  /** One each for the nodes; speakers are dealt out among them. */
  urls: readonly string[];
  /** Ceiling of sends a second; undefined: none. */
  rate: number | undefined;
  /** Each speaker's connection is cut at random, each so many milliseconds on average; undefined: never. */
  cutEveryMs: number | undefined;
  tokens: TokenSource;
  /** Different in every run: ids of users and rooms hold it. */
  runId: string;
  onAnswered(): void;
}

/** Lines of one room on their way. More would put all of a day's people into the room at once. */
const WINDOW = 64;

/** Says every line of every log, all rooms at the same time, then reads the rooms. Answers how many connections were cut. */
export async function replay(replays: readonly RoomReplay[], options: ReplayOptions): Promise<number> {
  const { urls, tokens, runId, cutEveryMs, onAnswered } = options;
  const byRoom = new Map(replays.map((each) => [each.room, each]));
  const speakers = new Map<string, Speaker>();
  const pace = createPacer(options.rate);

  function speakerOf({ nick }: Speech): Speaker {
    let speaker = speakers.get(nick);
    if (!speaker) {
      const url = urlAt(speakers.size);
      speaker = new Speaker({ url, userId: `${nick}@${runId}`, tokens, cutEveryMs }, (client, room, id) =>
        byRoom.get(room)?.observe(client, id),
      );
      speakers.set(nick, speaker);
    }
    return speaker;
  }

  function urlAt(index: number): string {
    return urls[index % urls.length] ?? "";
  }

  async function sayAll(target: RoomReplay): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    for (const speech of target.log.speeches) {
      const line: Promise<void> = speakerOf(speech)
        .say(target, speech.text, pace)
        .then(() => {
          inFlight.delete(line);
          onAnswered();
        });
      inFlight.add(line);
      if (inFlight.size >= WINDOW) {
        await Promise.race(inFlight);
      }
    }
    await Promise.all(inFlight);
  }

  async function verify(target: RoomReplay, index: number): Promise<void> {
    const reader = await Reader.connect({ url: urlAt(index), userId: `reader-${index}@${runId}`, tokens });
    await target.verify(reader).finally(() => reader.close());
  }

  // First, so that nobody leaves a room, or goes, before the last line.
  for (const target of replays) {
    for (const speech of target.log.speeches) {
      speakerOf(speech).expect(target);
    }
  }
  await Promise.all(replays.map(sayAll));
  await Promise.all(replays.map(verify));
  return [...speakers.values()].reduce((sum, { cuts }) => sum + cuts, 0);
}
