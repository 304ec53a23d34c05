import { Component, type ComponentChild, createRef, type RefObject } from "preact";
import type { Room, RoomSnapshot } from "roomful-client";

import { type ListWindow, stepDown, stepUp, windowAt } from "../model/list-window";
import { rowsOf } from "../model/message-rows";
import { Icon } from "./icon";
import type { Words } from "./language-context";
import { MessageRow } from "./message-row";

export interface MessageListProps {
  room: Room;
  snapshot: RoomSnapshot;
  unreadKey: string | undefined;
  unreadCount: number;
  words: Words;
  /** Where the list puts itself. Preact hands `ref` on to the component, and fills it for elements only. */
  list: RefObject<MessageList | null>;
  /** Called when its reader comes to the end of the list, or leaves it. */
  onAtEnd(isAtEnd: boolean): void;
}

interface MessageListState {
  /**
   * The message that the window begins with; OLDEST: with whatever comes before all others, also when more is read;
   * undefined: it is at the end of the list, and goes with it.
   */
  firstKey: string | undefined;
  isLoading: boolean;
  hasFailed: boolean;
}

/** What a reader looks at, and where it was. */
interface Anchor {
  row: Element;
  top: number;
}

/** No message's key. */
const OLDEST = "";
/** So near to the end counts as the end. */
const END_PX = 32;
/** More is brought when less than this is left. */
const NEAR_PX = 900;

/**
 * The messages of a room. Only a part of them is in the page (`list-window.ts`), which moves with its reader.
 *
 * Whatever changes above or below, what is being read stays where it is: the place of the topmost row in view is taken
 * before each change and put back after it. At the end of the list, the end stays in view.
 */
export class MessageList extends Component<MessageListProps, MessageListState> {
  override state: MessageListState = { firstKey: undefined, isLoading: false, hasFailed: false };
  private readonly scroller = createRef<HTMLDivElement>();
  private readonly content = createRef<HTMLDivElement>();
  private readonly resized = new ResizeObserver(() => this.keepEnd());
  /** It has shown its reader where to begin. */
  private hasBegun = false;

  /** The reader wants the newest. */
  toEnd(): void {
    this.setState({ firstKey: undefined }, () => {
      this.keepEnd();
      this.props.onAtEnd(true);
    });
  }

  override componentDidMount(): void {
    this.props.list.current = this;
    for (const { current } of [this.scroller, this.content]) {
      if (current) {
        this.resized.observe(current);
      }
    }
    this.settle(null);
  }

  override componentWillUnmount(): void {
    this.resized.disconnect();
  }

  override getSnapshotBeforeUpdate(): Anchor | null {
    const list = this.scroller.current;
    const top = list?.getBoundingClientRect().top ?? 0;
    for (const row of list?.querySelectorAll("[data-message-id]") ?? []) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) {
        return { row, top: box.top };
      }
    }
    return null;
  }

  override componentDidUpdate(_props: MessageListProps, _state: MessageListState, anchor: Anchor | null): void {
    this.settle(anchor);
  }

  private settle(anchor: Anchor | null): void {
    const { snapshot, unreadKey } = this.props;
    if (!this.hasBegun && snapshot.status === "live") {
      this.hasBegun = true;
      this.begin(unreadKey);
      return;
    }
    if (this.state.firstKey === undefined) {
      this.keepEnd();
    } else if (anchor?.row.isConnected && this.scroller.current) {
      this.scroller.current.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    }
    this.fill();
  }

  /** At what was not read, or at the end. */
  private begin(unreadKey: string | undefined): void {
    const { messages } = this.props.snapshot;
    const index = messages.findIndex(({ key }) => key === unreadKey);
    if (index < 0) {
      this.toEnd();
      return;
    }
    this.setState({ firstKey: this.keyAt(Math.max(0, Math.min(index - 20, this.window().from))) }, () => {
      this.scroller.current?.querySelector("[data-unread-marker]")?.scrollIntoView({ block: "center" });
      this.look();
    });
  }

  private readonly look = (): void => {
    const list = this.scroller.current;
    if (!list || !this.hasBegun) {
      return;
    }
    const { messages } = this.props.snapshot;
    const isWhole = this.window().to === messages.length;
    const isAtEnd = isWhole && this.belowPx() <= END_PX;
    if (isAtEnd !== (this.state.firstKey === undefined)) {
      this.setState({ firstKey: isAtEnd ? undefined : this.keyAt(this.window().from) });
    }
    this.props.onAtEnd(isAtEnd);
    this.fill();
  };

  /** Brings what is about to be looked at: from memory, or from the service. */
  private fill(): void {
    const { room, snapshot } = this.props;
    const { messages, hasOlder, status } = snapshot;
    const { firstKey, isLoading, hasFailed } = this.state;
    if (room.messages !== messages) {
      // What has come meanwhile is drawn with the next frame, and looked at then.
      return;
    }
    const part = this.window();
    const isNearTop = (this.scroller.current?.scrollTop ?? 0) < NEAR_PX;
    if (firstKey !== undefined && isNearTop && part.from > 0) {
      this.setState({ firstKey: this.keyAt(stepUp(part)) });
    } else if (firstKey !== undefined && part.to < messages.length && this.belowPx() < NEAR_PX) {
      this.setState({ firstKey: this.keyAt(stepDown(part, messages.length)) });
    } else if (isNearTop && part.from === 0 && hasOlder && status === "live" && !isLoading && !hasFailed) {
      void this.loadOlder();
    }
  }

  private readonly loadOlder = async (): Promise<void> => {
    this.setState({ isLoading: true, hasFailed: false });
    const hasFailed = await this.props.room.loadOlder().then(
      () => false,
      () => true,
    );
    this.setState({ isLoading: false, hasFailed });
  };

  private keepEnd(): void {
    const list = this.scroller.current;
    if (list && this.state.firstKey === undefined) {
      list.scrollTop = list.scrollHeight;
    }
  }

  private belowPx(): number {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = this.scroller.current ?? {};
    return scrollHeight - scrollTop - clientHeight;
  }

  private window(): ListWindow {
    const { messages } = this.props.snapshot;
    const { firstKey } = this.state;
    if (firstKey === undefined) {
      return windowAt(messages.length, undefined);
    }
    return windowAt(messages.length, firstKey === OLDEST ? 0 : messages.findIndex(({ key }) => key === firstKey));
  }

  private keyAt(index: number): string | undefined {
    return index === 0 ? OLDEST : this.props.snapshot.messages[index]?.key;
  }

  private readonly resend = (id: string): void => {
    this.props.room.resend(id).catch(() => {
      // It says in the list what became of it.
    });
  };

  private readonly discard = (id: string): void => this.props.room.discard(id);

  override render(): ComponentChild {
    const { room, snapshot, unreadKey, unreadCount, words } = this.props;
    const { translate, time } = words;
    const { messages, status, hasOlder } = snapshot;
    const { firstKey, isLoading, hasFailed } = this.state;
    const part = this.window();
    const isAtEnd = firstKey === undefined;
    // Who comes first is not yet a conversation.
    const isEmpty = !hasOlder && messages.every(({ type }) => type === "system");
    const rows = rowsOf(messages, { ...part, unreadKey });
    return (
      <div class="messages-frame">
        <div
          class="messages"
          ref={this.scroller}
          role="log"
          // What moves into the page while somebody reads further up is not new.
          aria-live={isAtEnd ? "polite" : "off"}
          aria-busy={status !== "live"}
          aria-label={translate("messages")}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must scroll with keys, too.
          tabIndex={0}
          onScroll={this.look}
        >
          <div class="messages-content" ref={this.content}>
            {part.from === 0 && !isEmpty && (
              <div class="messages-top">
                {hasFailed ? (
                  <>
                    <span>{translate("olderFailed")}</span>
                    <button type="button" class="button button-quiet" onClick={this.loadOlder}>
                      {translate("tryAgain")}
                    </button>
                  </>
                ) : isLoading || hasOlder ? (
                  translate("loadingOlder")
                ) : (
                  translate("beginning", { room: room.room })
                )}
              </div>
            )}
            {isEmpty && (
              <div class="empty">
                <p class="empty-title">{translate(status === "live" ? "emptyTitle" : "loading")}</p>
                {status === "live" && <p>{translate("emptyText", { room: room.room })}</p>}
              </div>
            )}
            {rows.map((row) =>
              row.kind === "message" ? (
                <MessageRow
                  key={row.key}
                  message={row.message}
                  isFirst={row.isFirst}
                  onResend={this.resend}
                  onDiscard={this.discard}
                />
              ) : row.kind === "day" ? (
                <Separator key={row.key} day={time.day(row.atMs, Date.now())} />
              ) : (
                <div key={row.key} class="separator separator-unread" data-unread-marker>
                  <span>{translate("newMessages")}</span>
                </div>
              ),
            )}
          </div>
        </div>
        {!isAtEnd && (
          <button type="button" class="to-newest" onClick={() => this.toEnd()}>
            <Icon name="down" />
            {unreadCount > 0 ? translate("toNewestCount", { count: unreadCount }) : translate("toNewest")}
          </button>
        )}
      </div>
    );
  }
}

function Separator({ day }: { day: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot hold the day's name.
    <div class="separator" role="separator" aria-label={day} data-day={day}>
      <span>{day}</span>
    </div>
  );
}
