// Which pages of a long table a scrolled box shows.

/** As in the style sheet. */
export const ROW_PX = 34;
export const PAGE_ROWS = 50;

/** The first and the last page that a scrolled box shows a part of. */
export function pagesInSight(scrolled: number, height: number, total: number): [number, number] {
  const last = Math.max(0, Math.ceil(total / PAGE_ROWS) - 1);
  const at = (px: number) => Math.min(last, Math.max(0, Math.floor(px / (ROW_PX * PAGE_ROWS))));
  return [at(scrolled), at(scrolled + height)];
}
