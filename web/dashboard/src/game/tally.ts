// Counts one player's numbered messages at the other's end: what came, what is missing, what came twice.

export class Tally {
  received = 0;
  duplicated = 0;
  /** Came after one with a higher number. */
  disordered = 0;
  private readonly _missing = new Set<number>();
  private readonly _unsent = new Set<number>();
  private _highest = 0;

  arrived(n: number): void {
    if (n > this._highest) {
      for (let k = this._highest + 1; k < n; ++k) if (!this._unsent.has(k)) this._missing.add(k);
      this._highest = n;
      ++this.received;
    } else if (this._missing.delete(n)) {
      ++this.disordered;
      ++this.received;
    } else {
      ++this.duplicated;
    }
  }

  /** It never was published, and its sender was told so: nobody can miss it. */
  unsent(n: number): void {
    this._unsent.add(n);
    this._missing.delete(n);
  }

  get lost(): number {
    return this._missing.size;
  }
}
