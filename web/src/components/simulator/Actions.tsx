import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { act, info, remove, toAll } from "../../simulator";
import type { SimulatedCharger } from "../../simulatorTypes";
import { Target } from "./Target";

const AT_CONNECTOR = ["plug_in", "unplug", "start", "stop", "fault", "repair", "status", "meter"] as const;
const AT_CHARGER = ["cut", "lose_network", "restore_network", "switch_off", "switch_on"] as const;
type Name = (typeof AT_CONNECTOR)[number] | (typeof AT_CHARGER)[number];

/** Everything that people, vehicles and bad luck do at a charger, one button each. */
export function Actions({ charger }: { charger: SimulatedCharger }) {
  const connector = useSignal(1);
  const idTag = useSignal("D14B0A54");
  const fault = useSignal("Other");
  const problem = useSignal("");
  const texts = t.simulator.actions;
  const run = async (name: Name): Promise<void> => {
    const at = (AT_CHARGER as readonly string[]).includes(name) ? {} : { connector: connector.value };
    const more = name === "start" ? { id_tag: idTag.value } : name === "fault" ? { fault: fault.value } : {};
    problem.value = await act(name, { ...at, ...more });
  };
  const button = (name: Name) => (
    <button key={name} type="button" class="button" onClick={() => void run(name)}>
      {texts.names[name]}
    </button>
  );
  return (
    <section class="card simulator-card" aria-labelledby="actions-title">
      <div class="pair">
        <h2 id="actions-title">{texts.title}</h2>
        <Target charger={charger} />
      </div>
      <div class="fields">
        <label class="field">
          <span class="small muted">{texts.connector}</span>
          <select
            value={connector.value}
            onChange={(event) => (connector.value = Number(event.currentTarget.value))}
          >
            {charger.connectors.map((one) => (
              <option key={one.id} value={one.id}>
                {one.id}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span class="small muted">{texts.idTag}</span>
          <input
            type="text"
            maxLength={20}
            autocomplete="off"
            spellcheck={false}
            value={idTag.value}
            onInput={(event) => (idTag.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="small muted">{texts.fault}</span>
          <select value={fault.value} onChange={(event) => (fault.value = event.currentTarget.value)}>
            {info.value?.faults.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="simulator-buttons">{AT_CONNECTOR.map(button)}</div>
      <div class="simulator-buttons">
        {AT_CHARGER.map(button)}
        {!toAll.value && (
          <button type="button" class="button danger" onClick={() => void remove(charger.id)}>
            {texts.remove}
          </button>
        )}
      </div>
      <p class="small wrong" role="alert">
        {problem.value}
      </p>
    </section>
  );
}
