import { useSignal } from "@preact/signals";
import * as f from "../../format";
import { t } from "../../i18n";
import { choose, removeAll } from "../../simulator";
import type { SimulatedCharger } from "../../simulatorTypes";

const PAGE = 60;

function tone(charger: SimulatedCharger): string {
  if (!charger.registered) return "is-gone";
  const all = charger.connectors.map((one) => one.status);
  if (all.includes("Faulted")) return "is-fault";
  return all.includes("Charging") ? "is-on" : "";
}

function Row({ charger, chosen }: { charger: SimulatedCharger; chosen: boolean }) {
  const texts = t.simulator.fleet;
  const power_w = charger.connectors.reduce((sum, one) => sum + one.power_w, 0);
  const state = charger.registered ? charger.connectors.map((one) => one.status).join(", ") : texts.offline;
  return (
    <li>
      <button
        type="button"
        class={`simulated ${tone(charger)}`}
        aria-pressed={chosen}
        data-simulated={charger.id}
        onClick={() => choose(charger.id)}
      >
        <span class="simulated-id">{charger.id}</span>
        <span class="state">{state}</span>
        <span class="small muted">{power_w > 0 ? f.power(power_w) : texts.messages(charger.messages)}</span>
        {charger.script_error !== null && <span class="badge">{texts.scriptStopped}</span>}
        {charger.script !== null && <span class="small muted">{charger.script}</span>}
      </button>
    </li>
  );
}

/** All chargers; one of them is chosen. */
export function Fleet({ all, chosen }: { all: SimulatedCharger[]; chosen: SimulatedCharger }) {
  const shown = useSignal(PAGE);
  const texts = t.simulator.fleet;
  const registered = all.filter((one) => one.registered).length;
  return (
    <section aria-labelledby="fleet-title">
      <div class="pair">
        <h2 id="fleet-title" class="section-title">
          {texts.title}
        </h2>
        <p class="small muted" data-registered={registered}>
          {texts.registered(registered, all.length)}
        </p>
        <button type="button" class="link small" onClick={() => void removeAll()}>
          {texts.removeAll}
        </button>
      </div>
      <ul class="simulated-list">
        {all.slice(0, shown.value).map((one) => (
          <Row key={one.id} charger={one} chosen={one.id === chosen.id} />
        ))}
      </ul>
      {all.length > shown.value && (
        <button type="button" class="more" onClick={() => (shown.value += 4 * PAGE)}>
          {texts.more(all.length - shown.value)}
        </button>
      )}
    </section>
  );
}
