import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { add, info, simulated } from "../../simulator";
import type { Protocol } from "../../simulatorTypes";

/** A form that adds chargers. */
export function Add() {
  const count = useSignal("1");
  const protocol = useSignal<Protocol>("ocpp16");
  const url = useSignal("");
  const scenario = useSignal("");
  const problem = useSignal("");
  const busy = useSignal(false);
  const texts = t.simulator.add;
  const known = info.value;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = await add({
      count: Number(count.value),
      protocol: protocol.value,
      url: url.value.trim() || null,
      scenario: scenario.value || null,
    });
    busy.value = false;
  };
  return (
    <section class="card" aria-labelledby="add-title">
      <h2 id="add-title">{texts.title}</h2>
      {simulated.value.length === 0 && <p class="small muted">{texts.none}</p>}
      <form class="simulator-form" onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span class="small muted">{texts.count}</span>
          <input
            type="number"
            min="1"
            max={known?.max_chargers}
            required
            value={count.value}
            onInput={(event) => (count.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="small muted">{texts.protocol}</span>
          <select
            value={protocol.value}
            onChange={(event) => (protocol.value = event.currentTarget.value as Protocol)}
          >
            <option value="ocpp16">OCPP 1.6J</option>
            <option value="ykc">YunKuaiChong</option>
          </select>
        </label>
        <label class="field simulator-url">
          <span class="small muted">{texts.url}</span>
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            placeholder={known?.url ?? (protocol.value === "ykc" ? "tcp://127.0.0.1:8768" : "ws://127.0.0.1:9000/ocpp")}
            required={known?.url === null}
            value={url.value}
            onInput={(event) => (url.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="small muted">{texts.scenario}</span>
          <select value={scenario.value} onChange={(event) => (scenario.value = event.currentTarget.value)}>
            <option value="">{texts.byHand}</option>
            {known?.scenarios.map((one) => (
              <option key={one.name} value={one.name} title={one.summary}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary" disabled={busy.value}>
          {texts.submit}
        </button>
      </form>
      <p class="small wrong" role="alert">
        {problem.value}
      </p>
    </section>
  );
}
