import { useSignal } from "@preact/signals";
import { events } from "../../chargers";
import { t } from "../../i18n";
import type { Charger } from "../../ocppTypes";
import { when } from "./ChargerCard";

const PAGE = 12;

/** What happened at the chosen charger. */
export function Events({ charger }: { charger: Charger }) {
  const shown = useSignal(PAGE);
  const texts = t.chargers.events;
  const all = events.value;
  return (
    <section class="card events" aria-labelledby="events-title" data-events={charger.identity}>
      <h2 id="events-title">{texts.title}</h2>
      <p class="small muted">{all.length === 0 ? texts.empty : texts.subtitle}</p>
      {all.length > 0 && (
        <ol>
          {all.slice(0, shown.value).map((event, i) => (
            <li key={`${event.at} ${event.kind} ${all.length - i}`}>
              <time dateTime={event.at} class="small muted">
                {when(event.at)}
              </time>
              <div>
                <p class="small event-kind">{event.kind.replaceAll("_", " ")}</p>
                <p class="small muted">{event.text}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
      {all.length > shown.value && (
        <button type="button" class="more" onClick={() => (shown.value += 3 * PAGE)}>
          {texts.more}
        </button>
      )}
    </section>
  );
}
