// A row of small bars, for a trend within a table.
import { useEffect, useRef } from "preact/hooks";
import { useCell } from "../core/cell.js";
import { count } from "../core/format.js";
import { colour, theme } from "../core/theme.js";

const WIDTH = 120;
const HEIGHT = 20;

export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useCell(theme);
  const most = Math.max(1, ...values);
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement;
    element.width = WIDTH * devicePixelRatio;
    element.height = HEIGHT * devicePixelRatio;
    const context = element.getContext("2d") as CanvasRenderingContext2D;
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = colour("--line");
    context.fillRect(0, HEIGHT - 1, WIDTH, 1);
    context.fillStyle = colour("--red");
    const wide = WIDTH / values.length;
    values.forEach((value, i) => {
      const high = value === 0 ? 0 : Math.max(2, (value / most) * (HEIGHT - 1));
      context.fillRect(i * wide, HEIGHT - high, Math.max(1, wide - 0.5), high);
    });
  }, [values.join(), dark]);
  return <canvas class="spark" ref={canvas} role="img" aria-label={`${label}; at most ${count(most)}`} />;
}
