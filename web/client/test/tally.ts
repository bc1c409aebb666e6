// What a stream of numbered entries did: each number must come once and in order, or be told as a gap.
import type { Commands } from "../src/commands.js";
import type { Gap, Tiding } from "../src/core/config.js";

export class Tally {
  readonly numbers: number[] = [];
  readonly gaps: Gap[] = [];
  readonly tidings: Tiding[] = [];

  constructor(client?: Pick<Commands, "listen">) {
    client?.listen((tiding) => this.take(tiding));
  }

  take(tiding: Tiding): void {
    this.tidings.push(tiding);
    if (tiding.kind === "entry") this.numbers.push(tiding.entry.data.n);
    if (tiding.kind === "gap") this.gaps.push(tiding.gap);
  }

  /** Of the numbers 0 to `count`: how many did not come, came twice, came too late; and how many gaps were told. */
  faults(count: number): { lost: number; duplicated: number; outOfOrder: number; gaps: number } {
    const seen = new Set(this.numbers);
    return {
      lost: count - seen.size,
      duplicated: this.numbers.length - seen.size,
      outOfOrder: this.numbers.filter((n, i) => i > 0 && n <= (this.numbers[i - 1] as number)).length,
      gaps: this.gaps.length,
    };
  }
}

export const FLAWLESS = { lost: 0, duplicated: 0, outOfOrder: 0, gaps: 0 };
