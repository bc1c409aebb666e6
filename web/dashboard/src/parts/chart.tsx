// A chart of the last hour on a canvas: lines over time, thresholds across them, and a legend that tells the values
// under the pointer, or the newest. Redrawn when its columns change, at most every few seconds.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Column } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { time } from "../core/format.js";
import { extremes, lastKnown } from "../core/history.js";
import { colour, theme } from "../core/theme.js";

export interface Line {
  label: string;
  values: Column;
  /** A colour of the style sheet, such as `--blue`. */
  colour: string;
  fill?: boolean;
  dashed?: boolean;
}

export interface Limit {
  label: string;
  value: number;
  colour: string;
}

interface Props {
  /** What is drawn, for those who do not see it. */
  title: string;
  times: readonly number[];
  lines: readonly Line[];
  limits?: readonly Limit[];
  format: (value: number | null) => string;
  height?: number;
  /** Of the axis; what is beyond widens it. */
  from?: number;
  to?: number;
  logarithmic?: boolean;
}

const TOP = 1.08; // room above the highest value

export function rangeOf(
  lowest: number | null,
  highest: number | null,
  { from, to, logarithmic }: Pick<Props, "from" | "to" | "logarithmic">,
): [number, number] {
  if (logarithmic) {
    const low = lowest !== null && lowest > 0 ? lowest : 0.01;
    const high = Math.max(highest ?? 1, to ?? 0, low * 10);
    return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * TOP))];
  }
  const low = Math.min(lowest ?? 0, from ?? 0);
  const high = Math.max(highest ?? 0, to ?? 0);
  if (from !== undefined && from > 0 && (lowest ?? from) >= from) return [from, Math.max(high, from + 1)];
  return [low, to !== undefined && high <= to ? to : high > low ? low + (high - low) * TOP : low + 1];
}

const SHORTEST_S = 900; // a server that has just started has a quarter of an hour to fill
const hour = (_: uPlot, from: number | null, to: number | null): [number, number] => {
  const end = to || Date.now() / 1e3;
  return [Math.min(from || end, end - SHORTEST_S), end];
};
const powersOfTen = (value: number) => (Number.isInteger(Math.log10(value)) ? value : null);

// A threshold is drawn where it is within the axis; it does not flatten the lines by widening it.
function limitLines(limits: readonly Limit[]): (chart: uPlot) => void {
  return ({ ctx, bbox, scales, valToPos }) => {
    for (const { value, colour: name } of limits) {
      const { min = 0, max = 0 } = scales.y ?? {};
      if (min === null || max === null || value < min || value > max) continue;
      const y = Math.round(valToPos(value, "y", true)) + 0.5;
      ctx.save();
      ctx.strokeStyle = colour(name);
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.restore();
    }
  };
}

function optionsOf(props: Props, width: number, told: (index: number | null) => void): uPlot.Options {
  const { lines, limits = [], format, height = 120, logarithmic } = props;
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return {
    width,
    height,
    padding: [6, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { setScale: false, x: false, y: false } },
    scales: {
      x: { time: true, range: hour },
      y: { distr: logarithmic ? 3 : 1, range: (_, min, max) => rangeOf(min, max, props) },
    },
    axes: [
      { ...axis, size: 22, space: 60, values: (_, splits) => splits.map((at) => time(at * 1e3).slice(-8, -3)) },
      {
        ...axis,
        size: 62,
        space: 26,
        ...(logarithmic && { filter: (_: uPlot, splits: number[]) => splits.map(powersOfTen) }),
        ...(logarithmic && { grid: { ...axis.grid, filter: (_: uPlot, splits: number[]) => splits.map(powersOfTen) } }),
        gap: 4,
        values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, fill, dashed }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        ...(fill && { fill: `${colour(name)}26` }),
        ...(dashed && { dash: [4, 3] }),
      })),
    ],
    hooks: { draw: [limitLines(limits)], setCursor: [({ cursor }) => told(cursor.idx ?? null)] },
  };
}

const dataOf = (times: readonly number[], lines: readonly Line[]) =>
  [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;

export function summary({ title, lines, format }: Pick<Props, "title" | "lines" | "format">): string {
  const told = lines.map(({ label, values }) => {
    const range = extremes(values);
    if (!range) return `${label} not known`;
    return `${label} now ${format(lastKnown(values))}, from ${format(range.lowest)} to ${format(range.highest)}`;
  });
  return `${title}, the last hour: ${told.join("; ")}`;
}

export function Chart(props: Props) {
  const { times, lines, limits = [], format, height = 120 } = props;
  const box = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLDListElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const dark = useCell(theme);
  latest.current = props;

  const tell = (index: number | null) => {
    const { lines: now, times: at, format: say } = latest.current;
    const cells = legend.current?.querySelectorAll("dd");
    now.forEach(({ values }, i) => {
      const cell = cells?.[i];
      if (cell) cell.textContent = say(index === null ? lastKnown(values) : (values[index] ?? null));
    });
    const when = legend.current?.querySelector("time");
    if (when) when.textContent = index === null ? "" : time((at[index] ?? 0) * 1e3);
  };

  const form = lines.map(({ label, colour: name }) => label + name).join();
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const made = new uPlot(
      optionsOf(latest.current, Math.max(element.clientWidth, 40), tell),
      dataOf(latest.current.times, latest.current.lines),
      element,
    );
    chart.current = made;
    const sized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== made.width) made.setSize({ width, height });
    });
    sized.observe(element);
    return () => {
      sized.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [dark, form, height, limits.map(({ value }) => value).join()]);

  useEffect(() => {
    chart.current?.setData(dataOf(times, lines));
    tell(chart.current?.cursor.idx ?? null);
  }, [times, ...lines.map(({ values }) => values)]);

  return (
    <figure class="chart">
      <div ref={box} role="img" aria-label={summary(props)} style={{ height: `${height}px` }} />
      <figcaption>
        <dl class="legend" ref={legend}>
          {lines.map(({ label, values, colour: name }) => (
            <div key={label}>
              <dt>
                <i style={{ background: `var(${name})` }} />
                {label}
              </dt>
              <dd>{format(lastKnown(values))}</dd>
            </div>
          ))}
          {limits.map(({ label, value, colour: name }) => (
            <div key={label}>
              <dt>
                <i class="dashed" style={{ borderColor: `var(${name})` }} />
                {label}
              </dt>
              <dd>{format(value)}</dd>
            </div>
          ))}
          <div>
            <dt class="unseen">time</dt>
            <dd>
              <time />
            </dd>
          </div>
        </dl>
      </figcaption>
    </figure>
  );
}
