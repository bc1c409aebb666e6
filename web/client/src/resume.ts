// Going on after a page reload: who this client was and how far it had come, in `sessionStorage`.
//
// It is written when the page goes and taken away while it lives, so that a duplicated tab, which gets a copy of the
// storage, does not take itself for the original and displace it.

export interface Resume {
  clientId: string;
  sessionId: string;
  cursor: string | null;
  /** Above every number used under this clientId. */
  next: number;
}

export function take(storage: Storage, key: string): Partial<Resume> {
  try {
    const saved = JSON.parse(storage.getItem(key) ?? "{}");
    storage.removeItem(key);
    return saved;
  } catch {
    return {}; // forbidden, or not ours
  }
}

export function leave(storage: Storage, key: string, resume: Resume): void {
  try {
    storage.setItem(key, JSON.stringify(resume));
  } catch {
    // Full or forbidden: the next page begins anew.
  }
}
