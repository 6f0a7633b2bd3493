import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { runScript, stopScript } from "../../simulator";
import type { SimulatedCharger } from "../../simulatorTypes";
import { Target } from "./Target";

const FILE = "script.js";
const EXAMPLE = `function step(state) {
  const bay = state.connectors[0];
  if (!state.registered) return [];
  if (!bay.plugged) return [{do: "plug_in", vehicle: {soc: 0.3}}];
  if (!bay.in_order && bay.soc < 0.8) return [{do: "start"}];
  return [];
}
`;

/** An editor for a script, which drives the chargers instead of a person. */
export function Script({ charger }: { charger: SimulatedCharger }) {
  const source = useSignal(EXAMPLE);
  const problem = useSignal("");
  const texts = t.simulator.script;
  return (
    <section class="card simulator-card" aria-labelledby="script-title">
      <div class="pair">
        <h2 id="script-title">{texts.title}</h2>
        <Target charger={charger} />
      </div>
      <label class="field">
        <span class="small muted">{texts.explain}</span>
        <textarea
          aria-label={texts.source}
          rows={12}
          spellcheck={false}
          autocapitalize="off"
          value={source.value}
          onInput={(event) => (source.value = event.currentTarget.value)}
        />
      </label>
      <div class="simulator-buttons">
        <button
          type="button"
          class="primary"
          onClick={() => void runScript(source.value, FILE).then((words) => (problem.value = words))}
        >
          {texts.run}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => void stopScript().then((words) => (problem.value = words))}
        >
          {texts.stop}
        </button>
        {charger.script !== null && <span class="small muted">{texts.running(charger.id)}</span>}
      </div>
      <p class="small wrong script-problem" role="alert">
        {problem.value || (charger.script_error !== null ? `${charger.id}: ${charger.script_error}` : "")}
      </p>
    </section>
  );
}
