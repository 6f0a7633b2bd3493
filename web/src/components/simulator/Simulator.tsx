import { t } from "../../i18n";
import { chosen, link, simulated, unlock } from "../../simulator";
import { ThemeButton } from "../ThemeButton";
import { TokenForm } from "../TokenForm";
import { Actions } from "./Actions";
import { Add } from "./Add";
import { Fleet } from "./Fleet";
import { Log } from "./Log";
import { Script } from "./Script";

function Top() {
  const state = link.value === "live" ? "live" : link.value === "offline" ? "offline" : "connecting";
  return (
    <header class="header">
      <div class="brand">
        <img src="/icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>{t.simulator.title}</h1>
          <p class="muted small">{t.appName}</p>
        </div>
      </div>
      <div class="tools simulator-tools">
        <span class={`pill is-${state}`} role="status" aria-live="polite">
          <span class="dot" aria-hidden="true" />
          {t.connection[state]}
        </span>
        <ThemeButton />
      </div>
    </header>
  );
}

/** Simulated chargers: added, acted at, driven by scripts, and listened to. */
export function Simulator() {
  if (link.value === "locked") return <TokenForm unlock={unlock} />;
  const one = chosen.value;
  return (
    <>
      <a class="skip" href="#content">
        {t.skipToContent}
      </a>
      <Top />
      <main id="content" class={link.value === "offline" ? "page simulator is-offline" : "page simulator"}>
        <Add />
        {one !== null && (
          <>
            <Fleet all={simulated.value} chosen={one} />
            <div class="simulator-detail">
              <div class="simulator-drive">
                <Actions charger={one} />
                <Script charger={one} />
              </div>
              <Log charger={one} />
            </div>
          </>
        )}
      </main>
      <footer class="page footer small muted">
        <p>{t.simulator.about}</p>
        <nav>
          <a href="/docs">{t.footer.api}</a>
        </nav>
      </footer>
    </>
  );
}
