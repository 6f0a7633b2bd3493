import { t } from "../../i18n";
import { simulated, toAll } from "../../simulator";
import type { SimulatedCharger } from "../../simulatorTypes";

/** Whom buttons and scripts go to. */
export function Target({ charger }: { charger: SimulatedCharger }) {
  const texts = t.simulator.target;
  return (
    <div class="segments" role="group" aria-label={texts.label}>
      <button type="button" aria-pressed={toAll.value} onClick={() => (toAll.value = true)}>
        {texts.all(simulated.value.length)}
      </button>
      <button type="button" aria-pressed={!toAll.value} onClick={() => (toAll.value = false)}>
        {texts.one(charger.id)}
      </button>
    </div>
  );
}
