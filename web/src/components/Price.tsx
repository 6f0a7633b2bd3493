import * as f from "../format";
import { t } from "../i18n";
import { currency, home, zone } from "../store";
import type { PricePoint } from "../types";

const WIDTH = 300;
const HEIGHT = 56;

/** Bars of the coming prices; below zero they hang from the zero line. */
function Bars({ slots, now }: { slots: PricePoint[]; now: number }) {
  const values = slots.map((slot) => slot.import_eur_per_kwh);
  const high = Math.max(...values, 0);
  const low = Math.min(...values, 0);
  const y = (value: number): number => ((high - value) / (high - low || 1)) * HEIGHT;
  const width = WIDTH / slots.length;
  const sorted = [...values].sort((a, b) => a - b);
  const third = sorted[Math.floor(sorted.length / 3)] ?? 0;
  const two = sorted[Math.floor((sorted.length * 2) / 3)] ?? 0;
  return (
    <svg
      class="price-bars"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t.price.chart}
    >
      {slots.map((slot, i) => {
        const value = slot.import_eur_per_kwh;
        const level = value <= third ? "low" : value <= two ? "middle" : "high";
        const current = Date.parse(slot.start) <= now && now < Date.parse(slot.end);
        return (
          <rect
            key={slot.start}
            class={`${level}${slot.known ? "" : " forecast"}${current ? " current" : ""}`}
            x={i * width}
            y={Math.min(y(value), y(0))}
            width={Math.max(width - (slots.length > 60 ? 0.6 : 1.2), 0.6)}
            height={Math.max(Math.abs(y(value) - y(0)), 1)}
          />
        );
      })}
    </svg>
  );
}

export function Price() {
  const state = home.value;
  const tariff = state?.tariff;
  if (!state || !tariff) return null;
  const now = Date.parse(state.at);
  const until = now + 24 * 3600 * 1000;
  const ahead = tariff.next.filter((slot) => Date.parse(slot.end) > now && Date.parse(slot.start) < until);
  const cheapest = ahead.reduce<PricePoint | null>(
    (best, slot) => (best === null || slot.import_eur_per_kwh < best.import_eur_per_kwh ? slot : best),
    null,
  );
  const at = (time: string): string => f.timeNear(time, state.at, zone.value);
  return (
    <section class="card price" aria-labelledby="price-title">
      <div class="price-top">
        <div>
          <h2 id="price-title">{t.price.title}</h2>
          <p class="second">{f.price(tariff.import_eur_per_kwh, currency.value)}</p>
        </div>
        <div class="right small muted">
          <p>{tariff.name}</p>
          {tariff.export_eur_per_kwh !== null && (
            <p>{t.price.export(f.price(tariff.export_eur_per_kwh, currency.value))}</p>
          )}
        </div>
      </div>
      {ahead.length > 1 && <Bars slots={ahead} now={now} />}
      {cheapest && (
        <p class="small muted">
          {t.price.cheapest(at(cheapest.start), f.price(cheapest.import_eur_per_kwh, currency.value))}
        </p>
      )}
    </section>
  );
}
