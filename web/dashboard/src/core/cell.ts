// The page's state in small pieces: a value that can be watched. Whoever watches a part of it is called when that part
// changes, so that an event a second redraws the figures that changed and nothing else.
import { useEffect, useState } from "preact/hooks";

export class Cell<T> {
  private readonly _listeners = new Set<() => void>();

  constructor(private _value: T) {}

  get value(): T {
    return this._value;
  }

  set(value: T): void {
    if (Object.is(value, this._value)) return;
    this._value = value;
    for (const listener of [...this._listeners]) listener();
  }

  /** The result ends it. */
  watch(listener: () => void): () => void {
    this._listeners.add(listener);
    return () => {
      this._listeners.delete(listener);
    };
  }

  get isWatched(): boolean {
    return this._listeners.size > 0;
  }
}

const same = <T>(value: T): unknown => value;

/** What `pick` makes of the cell's value; draws anew when that is another one by `Object.is`. */
export function useCell<T>(cell: Cell<T>): T;
export function useCell<T, Part>(cell: Cell<T>, pick: (value: T) => Part): Part;
export function useCell<T>(cell: Cell<T>, pick: (value: T) => unknown = same): unknown {
  const [, redraw] = useState({});
  const picked = pick(cell.value);
  useEffect(() => {
    let shown = pick(cell.value);
    if (!Object.is(shown, picked)) redraw({});
    return cell.watch(() => {
      const now = pick(cell.value);
      if (Object.is(now, shown)) return;
      shown = now;
      redraw({});
    });
    // `pick` is a function of nothing but the value.
  }, [cell]);
  return picked;
}
