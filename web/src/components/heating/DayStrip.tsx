import * as f from "../../format";
import { t } from "../../i18n";

const MINUTES = 24 * 60;

function minutes(time: string): number {
  const [hour, minute] = time.split(":").map(Number);
  return (hour ?? 0) * 60 + (minute ?? 0);
}

/** A day of the site's clock with the off window, which may cross midnight, and the time now. */
export function DayStrip({ window, now, zone }: { window: [string, string]; now: string; zone: string }) {
  const [start, end] = [minutes(window[0]), minutes(window[1])];
  const parts = start < end ? [[start, end]] : [[0, end], [start, MINUTES]];
  const local = f.localHour(Date.parse(now), zone);
  const share = (minute: number): string => `${(100 * minute) / MINUTES}%`;
  const text = `${window[0].slice(0, 5)}–${window[1].slice(0, 5)}`;
  return (
    <div class="day-strip">
      <p class="small pair">
        <span class="muted">{t.heating.floor.window}</span>
        <span>{text}</span>
      </p>
      <div class="day" aria-hidden="true">
        {parts.map(([from = 0, to = 0]) => (
          <span key={from} class="off" style={{ left: share(from), width: share(to - from) }} />
        ))}
        <span class="now-mark" style={{ left: share(60 * local.hour + local.minute) }} />
      </div>
    </div>
  );
}
