import * as f from "../format";
import { t } from "../i18n";
import { pages, view } from "../route";
import { connection, home, zone } from "../store";
import { ThemeButton } from "./ThemeButton";

function Connection() {
  const state = connection.value === "live" ? "live" : connection.value === "offline" ? "offline" : "connecting";
  return (
    <span class={`pill is-${state}`} role="status" aria-live="polite">
      <span class="dot" aria-hidden="true" />
      {t.connection[state]}
    </span>
  );
}

function Tabs() {
  if (pages.value.length === 1) return null;
  return (
    <nav class="tabs" aria-label={t.tabs.label}>
      {pages.value.map((name) => (
        <a key={name} href={`#${name}`} aria-current={view.value === name ? "page" : undefined}>
          {t.tabs[name]}
        </a>
      ))}
    </nav>
  );
}

export function Header() {
  const state = home.value;
  if (!state) return null;
  const { simulated, speed } = state.clock;
  return (
    <header class="header">
      <div class="brand">
        <img src="/icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>{state.site.name}</h1>
          <p class="muted small">{t.appName}</p>
        </div>
      </div>
      <Tabs />
      <div class="clock">
        <time dateTime={state.at} class="time">
          {f.clockTime(state.at, zone.value)}
        </time>
        <div class="small muted clock-lines">
          <span>{f.longDay(state.at, zone.value)}</span>
          <span>
            {[
              state.outdoor_c === null ? null : t.clock.outdoor(f.temperature(state.outdoor_c)),
              simulated ? t.clock.simulated(String(Math.round(speed * 10) / 10)) : null,
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </div>
      </div>
      <div class="tools">
        <Connection />
        <ThemeButton />
      </div>
    </header>
  );
}
