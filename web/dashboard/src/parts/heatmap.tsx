// How long deliveries took, step by step: time to the right, latency upwards (each row is one bucket), the darker the
// more. The counts are the server's own buckets, drawn on a canvas.
import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../core/cell.js";
import { count, duration, time } from "../core/format.js";
import { colour, theme } from "../core/theme.js";
import { bucketName, type Counts, rowsUsed, shade } from "./heat.js";

const LEFT = 62;
const BOTTOM = 20;
const HEIGHT = 260;
const STEPS_MIN = 90; // as in the charts, a quarter of an hour

function draw(canvas: HTMLCanvasElement, width: number, heat: Counts, times: readonly number[]): void {
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  const [first, last] = rowsUsed(heat);
  const most = Math.max(1, ...heat.counts.map((step) => Math.max(0, ...(step ?? []))));
  const steps = Math.max(STEPS_MIN, heat.counts.length);
  const across = (width - LEFT) / steps;
  const start = steps - heat.counts.length; // before it nothing is known
  const up = (HEIGHT - BOTTOM) / (last - first + 1);
  context.fillStyle = colour("--sunken");
  context.fillRect(LEFT, 0, width - LEFT, HEIGHT - BOTTOM);
  context.fillStyle = colour("--heat");
  heat.counts.forEach((step, x) => {
    step?.slice(first, last + 1).forEach((n, row) => {
      if (n === 0) return;
      context.globalAlpha = shade(n, most);
      context.fillRect(LEFT + (start + x) * across, HEIGHT - BOTTOM - (row + 1) * up, Math.ceil(across), up - 1);
    });
  });
  context.globalAlpha = 1;
  context.fillStyle = colour("--muted");
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const every = Math.max(1, Math.ceil(18 / up));
  for (let row = first; row < last; row += every) {
    const bound = heat.bounds_ms[row];
    if (bound !== undefined) context.fillText(duration(bound), LEFT - 6, HEIGHT - BOTTOM - (row - first + 1) * up);
  }
  context.textAlign = "center";
  const end = times[times.length - 1] ?? 0;
  const minutes = [2, 5, 10, 20].find((each) => each * 6 * across > 60) ?? 30;
  for (
    let at = Math.floor(end / 60 / minutes) * minutes * 60;
    at > end - steps * 10 + minutes * 20;
    at -= minutes * 60
  ) {
    context.fillText(
      time(at * 1e3).slice(-8, -3),
      Math.min(width - 18, width - ((end - at) / 10) * across),
      HEIGHT - 7,
    );
  }
}

interface Props {
  heat: Counts;
  times: readonly number[];
}

export function Heatmap({ heat, times }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [told, tell] = useState("");
  const dark = useCell(theme);

  useEffect(() => {
    const sized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    sized.observe(canvas.current?.parentElement as HTMLElement);
    return () => sized.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0 && canvas.current) draw(canvas.current, width, heat, times);
  }, [width, heat, times, dark]);

  const point = ({ offsetX, offsetY }: MouseEvent) => {
    const [first, last] = rowsUsed(heat);
    const steps = Math.max(STEPS_MIN, heat.counts.length);
    const x = Math.floor(((offsetX - LEFT) / (width - LEFT)) * steps) - (steps - heat.counts.length);
    const row = first + Math.floor(((HEIGHT - BOTTOM - offsetY) / (HEIGHT - BOTTOM)) * (last - first + 1));
    const step = heat.counts[x];
    const at = times[x];
    if (x < 0 || row < first || row > last || at === undefined) return tell("");
    const n = step?.[row];
    tell(`${time(at * 1e3)}, ${bucketName(heat.bounds_ms, row)}: ${n === undefined ? "not known" : count(n)}`);
  };

  const total = heat.bounds_ms.map((_, row) => heat.counts.reduce((sum, step) => sum + (step?.[row] ?? 0), 0));
  const usual = total.indexOf(Math.max(...total));
  return (
    <figure class="heatmap">
      <div>
        <canvas
          ref={canvas}
          style={{ height: `${HEIGHT}px` }}
          role="img"
          aria-label={`Deliveries of the last hour by time and latency; most took ${bucketName(heat.bounds_ms, usual)}`}
          onPointerMove={point}
          onPointerLeave={() => tell("")}
        />
      </div>
      <figcaption>{told || `Most deliveries of the last hour took ${bucketName(heat.bounds_ms, usual)}.`}</figcaption>
    </figure>
  );
}
