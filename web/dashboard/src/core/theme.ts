// Light or dark: as the system says, until the reader chooses.
import { Cell } from "./cell.js";

export type Theme = "light" | "dark";
export type Choice = Theme | "system";

const KEY = "mythos.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const stored = (): Choice => {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage is forbidden here
  }
};

export const choice = new Cell<Choice>(stored());
export const theme = new Cell<Theme>("light");

function apply(): void {
  const now = choice.value === "system" ? (system.matches ? "dark" : "light") : choice.value;
  document.documentElement.dataset.theme = now;
  theme.set(now);
}

export function choose(next: Choice): void {
  choice.set(next);
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // It holds until the page is left.
  }
  apply();
}

export function followTheme(): void {
  system.addEventListener("change", apply);
  apply();
}

/** A colour of the style sheet, such as `--ok`, for canvases. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
