import { useSignal } from "@preact/signals";
import { chargers, sessions, tags } from "../../chargers";
import * as f from "../../format";
import { t } from "../../i18n";
import type { ChargingSession } from "../../ocppTypes";
import { currency, zone } from "../../store";
import { Curve } from "./Curve";
import { when } from "./ChargerCard";

const PAGE = 6;

function time(session: ChargingSession): string {
  const start = when(session.started_at);
  if (session.stopped_at === null) return t.chargers.sessions.from(start, t.chargers.sessions.running);
  // The end's day is told only where it is another one than the start's.
  return t.chargers.sessions.from(start, f.timeNear(session.stopped_at, session.started_at, zone.value));
}

function Session({ session, single }: { session: ChargingSession; single: boolean }) {
  const texts = t.chargers.sessions;
  const tag = tags.value.find((one) => one.id_tag.toLowerCase() === session.id_tag.toLowerCase());
  const who = tag?.name || session.id_tag;
  const why = session.reason === null ? null : (texts.reasons[session.reason] ?? session.reason);
  const open = useSignal(false);
  const where = single ? [] : [texts.at(session.identity, session.connector)];
  return (
    <li data-session={session.id} class={session.stopped_at === null ? "is-running" : ""}>
      <div class="session-what">
        <p class="session-time">
          <button
            type="button"
            class="unfold"
            title={texts.showCurve}
            aria-expanded={open.value}
            onClick={() => (open.value = !open.value)}
          >
            <time dateTime={session.started_at}>{time(session)}</time>
          </button>
          {!session.accepted && <span class="badge">{texts.refused}</span>}
        </p>
        <p class="small muted">{[...where, who, why].filter(Boolean).join(" · ")}</p>
      </div>
      <dl>
        <div>
          <dt>{texts.energy}</dt>
          <dd>{f.energy(session.energy_kwh)}</dd>
        </div>
        <div>
          <dt>{texts.cost}</dt>
          <dd>{session.cost_eur === null ? t.unknown : f.money(session.cost_eur, currency.value)}</dd>
        </div>
        <div>
          <dt>{texts.sun}</dt>
          <dd>{f.percent(session.solar_share)}</dd>
        </div>
      </dl>
      {open.value && <Curve session={session} />}
    </li>
  );
}

export function Sessions() {
  const shown = useSignal(PAGE);
  const texts = t.chargers.sessions;
  const all = sessions.value;
  const single = new Set([...(chargers.value ?? []), ...all].map((one) => one.identity)).size <= 1;
  return (
    <section aria-labelledby="sessions-title" class="sessions">
      <h2 id="sessions-title" class="section-title">
        {texts.title}
      </h2>
      <div class="card">
        <p class="small muted">{all.length === 0 ? texts.empty : texts.subtitle}</p>
        {all.length > 0 && (
          <ol>
            {all.slice(0, shown.value).map((session) => (
              <Session key={session.id} session={session} single={single} />
            ))}
          </ol>
        )}
        {all.length > shown.value && (
          <button type="button" class="more" onClick={() => (shown.value += 3 * PAGE)}>
            {texts.more}
          </button>
        )}
      </div>
    </section>
  );
}
