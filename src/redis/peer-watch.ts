import type { Clock } from "../lifecycle/clock";

/** A node that was not heard for this long cannot be heard: probes come every second. */
const SILENT_AFTER_MS = 1_800;
/** A node that was not heard for as long as its lease is gone, and no longer waited for. */
const GONE_AFTER_MS = 10_000;
/** A node that is on the roll and was not heard for this long says what does not arrive here. */
const UNHEARD_AFTER_MS = 5_000;
/** After a loss the table is asked a little longer, for what was on its way. */
const AFTERMATH_MS = 5_000;

export interface PeerWatchOptions {
  nodeId: string;
  /** Ways that messages can take; a node is heard when it is heard on each. @default 1 */
  ways?: number;
  clock: Pick<Clock, "monotonicMs">;
}

/** Which nodes' probes arrive here. A missing one means that messages are lost, of that node or on the way to this one. */
export class PeerWatch {
  /** For each way. */
  private readonly heardAtMs = new Map<string, number[]>();
  private beganAtMs = Number.NEGATIVE_INFINITY;
  private roll: readonly string[] = [];
  private degradedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PeerWatchOptions) {}

  /** This node hears itself. */
  get hasOwnEcho(): boolean {
    return this.silenceOf(this.options.nodeId) <= SILENT_AFTER_MS;
  }

  /** A probe is missing, or was a moment ago. */
  get isDegraded(): boolean {
    this.tick();
    return this.options.clock.monotonicMs() < this.degradedUntilMs;
  }

  heard(nodeId: string, way = 0): void {
    const isOther = nodeId !== this.options.nodeId;
    if (this.silenceOf(nodeId) > SILENT_AFTER_MS && isOther) {
      // It is new, or back: what it sent before may be lost.
      this.degrade();
    }
    this.tick();
    const nowMs = this.options.clock.monotonicMs();
    const heardAtMs = this.heardAtMs.get(nodeId) ?? this.onAllWays(isOther ? nowMs : Number.NEGATIVE_INFINITY);
    heardAtMs[way] = nowMs;
    this.heardAtMs.set(nodeId, heardAtMs);
  }

  /** A node that Redis says to be there is waited for from now on. */
  expect(nodeIds: readonly string[]): void {
    this.roll = nodeIds.filter((nodeId) => nodeId !== this.options.nodeId);
    for (const nodeId of this.roll) {
      if (!this.heardAtMs.has(nodeId)) {
        this.degrade();
        this.heardAtMs.set(nodeId, this.onAllWays(this.options.clock.monotonicMs()));
      }
    }
  }

  /** Nodes that Redis says to be there, and that are not heard; this one too. */
  get unheard(): readonly string[] {
    const isBegun = this.options.clock.monotonicMs() - this.beganAtMs > UNHEARD_AFTER_MS;
    const nodeIds = isBegun ? [...this.roll, this.options.nodeId] : this.roll;
    return nodeIds.filter((nodeId) => this.silenceOf(nodeId) > UNHEARD_AFTER_MS);
  }

  /** Other nodes are waited for anew: there is a new connection. */
  startAgain(): void {
    this.beganAtMs = this.options.clock.monotonicMs();
    for (const nodeId of this.roll) {
      this.heardAtMs.set(nodeId, this.onAllWays(this.beganAtMs));
    }
    this.roll = [];
  }

  /** The connection is lost: this node does not wait for its own silence. */
  lostTouch(): void {
    this.heardAtMs.delete(this.options.nodeId);
    this.degrade();
  }

  /** This node itself stood still for so long, and heard nobody: that was nobody's silence. */
  excuse(ms: number): void {
    this.beganAtMs += ms;
    for (const [nodeId, heardAtMs] of this.heardAtMs) {
      this.heardAtMs.set(
        nodeId,
        heardAtMs.map((each) => each + ms),
      );
    }
  }

  /** It has said that it goes. */
  forget(nodeId: string): void {
    this.roll = this.roll.filter((each) => each !== nodeId);
    this.heardAtMs.delete(nodeId);
  }

  /** Looks at the time; to be called about every second. */
  tick(): void {
    if (!this.hasOwnEcho) {
      this.degrade();
    }
    for (const nodeId of this.heardAtMs.keys()) {
      const silenceMs = this.silenceOf(nodeId);
      if (silenceMs > SILENT_AFTER_MS) {
        this.degrade();
      }
      if (silenceMs > GONE_AFTER_MS && nodeId !== this.options.nodeId) {
        this.heardAtMs.delete(nodeId);
      }
    }
  }

  private degrade(): void {
    this.degradedUntilMs = this.options.clock.monotonicMs() + AFTERMATH_MS;
  }

  private silenceOf(nodeId: string): number {
    const heardAtMs = this.heardAtMs.get(nodeId) ?? [Number.NEGATIVE_INFINITY];
    return this.options.clock.monotonicMs() - Math.min(...heardAtMs);
  }

  private onAllWays(ms: number): number[] {
    return Array.from({ length: this.options.ways ?? 1 }, () => ms);
  }
}
