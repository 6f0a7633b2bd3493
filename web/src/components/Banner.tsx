import * as f from "../format";
import { t } from "../i18n";
import { connection, home, lastSeen } from "../store";
import { Icon } from "./Icons";

/** What a person should know now; the region stays in the page so that changes are read out. */
export function Banner() {
  const warnings = home.value?.warnings ?? [];
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div class="banners" aria-live="polite">
      {connection.value === "offline" && lastSeen.value !== null && (
        <p class="banner offline">
          <Icon name="warning" />
          {t.connection.offlineBanner(f.clockTime(lastSeen.value, browserZone))}
        </p>
      )}
      {warnings.length > 0 && (
        <ul class="banner warning" aria-label={t.warnings}>
          {warnings.map((warning) => (
            <li key={warning.code + warning.message}>
              <Icon name="warning" />
              {warning.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
