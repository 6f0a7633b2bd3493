import * as f from "../format";
import { t } from "../i18n";
import { currency, home, zone } from "../store";

/** Cost today against the same day without energy management, as two bars of one scale. */
function Comparison({ cost, baseline }: { cost: number; baseline: number }) {
  const scale = Math.max(Math.abs(cost), Math.abs(baseline), 0.01);
  const bar = (label: string, amount: number, kind: string) => (
    <div class="compare-row">
      <span class="small muted">{label}</span>
      <span class="bar" aria-hidden="true">
        <span class={`fill ${kind}`} style={{ width: `${(Math.abs(amount) / scale) * 100}%` }} />
      </span>
      <span class="small number">
        {f.money(Math.abs(amount), currency.value)}
        {amount < 0 ? ` ${t.savings.earned}` : ""}
      </span>
    </div>
  );
  return (
    <div class="compare">
      {bar(t.savings.costToday, cost, cost < 0 ? "gain" : "own")}
      {bar(t.savings.without, baseline, baseline < 0 ? "gain faint" : "base")}
    </div>
  );
}

export function Savings() {
  const state = home.value;
  if (!state?.today) return null;
  const { today, total } = state;
  const facts: [string, number, string][] = [
    [t.today.pv, today.pv_kwh, "pv"],
    [t.today.used, today.load_kwh, "load"],
    [t.today.bought, today.import_kwh, "grid"],
    [t.today.sold, today.export_kwh, "sold"],
  ];
  return (
    <section class="card savings" aria-labelledby="savings-title">
      <div class="savings-top">
        <div>
          <h2 id="savings-title">{t.savings.title}</h2>
          <p class="big" data-testid="saved-today">
            {today.saved_eur === null ? t.unknown : f.money(today.saved_eur, currency.value)}
          </p>
          <p class="muted small">{today.saved_eur === null ? t.savings.unknown : t.savings.versus}</p>
        </div>
        {total?.saved_eur != null && (
          <div class="right">
            <h2>{t.savings.total}</h2>
            <p class="second">{f.money(total.saved_eur, currency.value)}</p>
            <p class="muted small">{t.savings.since(f.date(total.since, zone.value))}</p>
          </div>
        )}
      </div>
      {today.baseline_cost_eur !== null && (
        <Comparison cost={today.cost_eur} baseline={today.baseline_cost_eur} />
      )}
      <dl class="facts" aria-label={t.today.title}>
        {facts.map(([label, kwh, kind]) => (
          <div key={kind}>
            <dt>
              <span class={`swatch kind-${kind}`} aria-hidden="true" />
              {label}
            </dt>
            <dd>{f.energy(kwh)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
