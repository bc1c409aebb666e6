// Silences: who is not told of what until when; a form for a new one, and a button that ends one.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Silence } from "../core/answers.js";
import { ask, Refused, refresh, useAnswer } from "../core/fetching.js";
import { parseTime, span, time } from "../core/format.js";
import { Answered, Empty, Pill } from "./basics.js";
import { bodyOf, formatMatchers } from "./matchers.js";

const SILENCES = "/api/v2/silences";
const HOURS = [1, 2, 4, 8, 24, 72];

function Form({ proposed }: { proposed: string }) {
  const first = useRef<HTMLInputElement>(null);
  const [said, say] = useState<{ ok: boolean; text: string }>({ ok: true, text: "" });
  const [sending, setSending] = useState(false);
  useEffect(() => {
    if (!proposed || !first.current) return;
    first.current.value = `alertname=${proposed}`;
    first.current.scrollIntoView({ block: "center" });
    first.current.focus();
  }, [proposed]);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "");
    setSending(true);
    try {
      const wanted = {
        matchers: text("matchers"),
        hours: Number(text("hours")),
        createdBy: text("createdBy"),
        comment: text("comment"),
      };
      await ask(SILENCES, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(bodyOf(wanted, Date.now())),
      });
      form.reset();
      say({ ok: true, text: `Silenced for ${span(wanted.hours * 3_600)}.` });
      refresh(SILENCES);
    } catch (error) {
      say({ ok: false, text: (error as Error).message });
    }
    setSending(false);
  };

  return (
    <form class="silence" onSubmit={(event) => void submit(event)}>
      <label class="wide">
        What{" "}
        <input
          ref={first}
          name="matchers"
          required
          spellcheck={false}
          placeholder='alertname=SlowConsumers, instance=~"eu.*"'
        />
      </label>
      <label>
        For{" "}
        <select name="hours">
          {HOURS.map((hours) => (
            <option value={hours} key={hours}>
              {span(hours * 3_600)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Who <input name="createdBy" required autocomplete="username" />
      </label>
      <label class="wide">
        Why <input name="comment" required />
      </label>
      <button type="submit" class="primary" disabled={sending}>
        Silence
      </button>
      <p role="status" class={said.ok ? "note" : "failed"}>
        {said.text}
      </p>
    </form>
  );
}

function Row({ silence }: { silence: Silence }) {
  const { id, status, matchers, endsAt, createdBy, comment } = silence;
  const [failure, fail] = useState("");
  const expire = async () => {
    try {
      await ask(`/api/v2/silence/${encodeURIComponent(id)}`, { method: "DELETE" });
      refresh(SILENCES);
    } catch (error) {
      fail(error instanceof Refused ? error.message : String(error));
    }
  };
  const ends = parseTime(endsAt);
  return (
    <tr>
      <td>
        <Pill state={status.state} />
      </td>
      <th scope="row">
        <code>{formatMatchers(matchers)}</code>
        <small>
          {" "}
          {comment}, {createdBy}
        </small>
        {failure && <p class="failed">{failure}</p>}
      </th>
      <td class="number">
        {status.state === "expired" ? `ended ${time(ends)}` : `${span((ends - Date.now()) / 1e3)} left`}
      </td>
      <td class="number">
        {status.state !== "expired" && (
          <button type="button" onClick={() => void expire()}>
            End<span class="unseen"> the silence of {formatMatchers(matchers)}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

export function Silences({ proposed }: { proposed: string }) {
  const told = useAnswer<readonly Silence[]>(SILENCES, 5_000);
  return (
    <>
      <Form proposed={proposed} />
      <Answered told={told}>
        {(silences) =>
          silences.length === 0 ? (
            <Empty>Nothing is silenced.</Empty>
          ) : (
            <table class="silences">
              <thead>
                <tr>
                  <th scope="col">state</th>
                  <th scope="col">what, why, who</th>
                  <th scope="col" class="number">
                    until
                  </th>
                  <th scope="col">
                    <span class="unseen">end it</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {[...silences]
                  .sort((a, b) => Number(a.status.state === "expired") - Number(b.status.state === "expired"))
                  .slice(0, 50)
                  .map((silence) => (
                    <Row key={silence.id} silence={silence} />
                  ))}
              </tbody>
            </table>
          )
        }
      </Answered>
    </>
  );
}
