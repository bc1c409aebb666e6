// The configuration in force, with what each option does; what is not as it comes stands out.
import type { Configuration, Option } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { useAnswer } from "../core/fetching.js";
import { replaceQuery, route } from "../core/route.js";
import { Answered, Empty, Panel } from "../parts/basics.js";

/** As the configuration file would have it, less the quotes of a text. */
export function shown(value: unknown): string {
  if (value === "" || value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const isSet = ({ value, default: usual }: Option): boolean => JSON.stringify(value) !== JSON.stringify(usual);

/** By table of the file, in its order; the options before the first table are `server`. */
export function byTable(options: readonly Option[]): Map<string, Option[]> {
  const tables = new Map<string, Option[]>();
  for (const option of options) {
    const table = option.name.includes(".") ? (option.name.split(".")[0] as string) : "server";
    tables.set(table, [...(tables.get(table) ?? []), option]);
  }
  return tables;
}

export function matching(options: readonly Option[], text: string, changed: boolean): Option[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter((option) => {
    const all = `${option.name} ${option.help} ${shown(option.value)}`.toLowerCase();
    return (!changed || isSet(option)) && wanted.every((word) => all.includes(word));
  });
}

function Row({ option }: { option: Option }) {
  const { name, value, default: usual, takes, live, help } = option;
  const now = live === true || live === "yes";
  return (
    <tr class={isSet(option) ? "changed" : ""}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td>
        <code class="value">{shown(value)}</code>
        {isSet(option) && <small>default {shown(usual)}</small>}
      </td>
      <td>
        {help}{" "}
        <small>
          Takes {takes}. {now ? "May change while it runs." : "A change waits for a restart."}
        </small>
      </td>
    </tr>
  );
}

export function ConfigurationView() {
  const told = useAnswer<Configuration>("/monitoring/config", 30_000);
  const { query } = useCell(route);
  const { find = "", changed = "" } = query;
  return (
    <Answered told={told}>
      {({ options }) => {
        const found = matching(options, find, changed === "1");
        return (
          <>
            <search class="filters">
              <label>
                Find{" "}
                <input
                  type="search"
                  value={find}
                  placeholder="name or words"
                  onInput={(event) => replaceQuery({ find: event.currentTarget.value })}
                />
              </label>
              <label>
                <input
                  type="checkbox"
                  checked={changed === "1"}
                  onChange={(event) => replaceQuery({ changed: event.currentTarget.checked ? "1" : "" })}
                />{" "}
                only what is not the default
              </label>
              <span role="status" class="muted">
                {found.length} of {options.length}
              </span>
            </search>
            {found.length === 0 && <Empty>No option fits.</Empty>}
            {[...byTable(found)].map(([table, own]) => (
              <Panel key={table} title={table} wide>
                <table class="options">
                  <thead class="unseen">
                    <tr>
                      <th scope="col">option</th>
                      <th scope="col">value</th>
                      <th scope="col">what it does</th>
                    </tr>
                  </thead>
                  <tbody>
                    {own.map((option) => (
                      <Row key={option.name} option={option} />
                    ))}
                  </tbody>
                </table>
              </Panel>
            ))}
          </>
        );
      }}
    </Answered>
  );
}
