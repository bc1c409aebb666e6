// A table of thousands of rows of which only those in sight are there: the server sorts, filters and pages, and each
// page of rows is asked for while it is seen.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "../core/fetching.js";
import { PAGE_ROWS, pagesInSight, ROW_PX } from "./paging.js";

const EVERY_MS = 2_000;

interface Page<Row> {
  total: number;
  rows: readonly Row[];
}

export interface ColumnOf<Row> {
  name: string;
  title: string;
  /** What the server sorts by; without it it does not. */
  sort?: string;
  number?: boolean;
  /** Left out where there is little room. */
  optional?: boolean;
  cell: (row: Row) => ComponentChildren;
}

interface Props<Row, Answer> {
  label: string;
  columns: readonly ColumnOf<Row>[];
  /** The path that answers rows from `offset` on. */
  path: (offset: number, limit: number) => string;
  read: (answer: Answer) => Page<Row>;
  keyOf: (row: Row) => string;
  sort: string;
  descending: boolean;
  onSort: (sort: string, descending: boolean) => void;
  none: string;
}

const rowsOfPage = (page: number, total: number): number => Math.max(0, Math.min(PAGE_ROWS, total - page * PAGE_ROWS));

function Rows<Row, Answer>({ page, total, ...props }: Props<Row, Answer> & { page: number; total: number }) {
  const { columns, path, read, keyOf } = props;
  const { data } = useAnswer<Answer>(path(page * PAGE_ROWS, PAGE_ROWS), EVERY_MS);
  if (data === null) return <Space rows={rowsOfPage(page, total)} />;
  return (
    <tbody>
      {read(data).rows.map((row, i) => (
        <tr key={keyOf(row)} aria-rowindex={page * PAGE_ROWS + i + 2}>
          {columns.map(({ name, number, optional, cell }) => (
            <td key={name} class={[number && "number", optional && "optional"].filter(Boolean).join(" ")}>
              {cell(row)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

const Space = ({ rows }: { rows: number }) =>
  rows > 0 ? (
    <tbody aria-hidden="true" class="space">
      <tr style={{ height: `${rows * ROW_PX}px` }} />
    </tbody>
  ) : null;

export function VirtualTable<Row, Answer>(props: Props<Row, Answer>) {
  const { label, columns, path, read, sort, descending, onSort, none } = props;
  const box = useRef<HTMLElement>(null);
  const [[first, last], show] = useState<[number, number]>([0, 0]);
  const { data, error } = useAnswer<Answer>(path(first * PAGE_ROWS, PAGE_ROWS), EVERY_MS);
  const known = useRef(0);
  if (data !== null) known.current = read(data).total;
  const total = known.current;

  const look = () => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    const [from, to] = pagesInSight(scrollTop, clientHeight, known.current);
    show((now) => (now[0] === from && now[1] === to ? now : [from, to]));
  };
  useEffect(look, [total]);
  const start = path(0, PAGE_ROWS);
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    look();
  }, [start]);

  const pages = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const after = Math.max(0, total - (last + 1) * PAGE_ROWS);
  return (
    <section
      class="scroll virtual"
      aria-label={label}
      ref={box}
      onScroll={look}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrollable by keyboard
      tabIndex={0}
    >
      <table aria-rowcount={total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ name, title, sort: by, number, optional }) => (
              <th
                scope="col"
                key={name}
                class={[number && "number", optional && "optional"].filter(Boolean).join(" ")}
                aria-sort={by === undefined || by !== sort ? undefined : descending ? "descending" : "ascending"}
              >
                {by === undefined ? (
                  title
                ) : (
                  <button type="button" class="sort" onClick={() => onSort(by, by === sort ? !descending : true)}>
                    {title}
                    <span aria-hidden="true">{by !== sort ? "" : descending ? " ↓" : " ↑"}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <Space rows={first * PAGE_ROWS} />
        {pages.map((page) => (
          <Rows key={page} page={page} total={total} {...props} />
        ))}
        <Space rows={after} />
      </table>
      {data !== null && total === 0 && <p class="empty">{none}</p>}
      {error && <p class="failed">{error.message}</p>}
    </section>
  );
}
