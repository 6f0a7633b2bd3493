import type { ComponentChildren } from "preact";
import * as f from "../format";
import { t } from "../i18n";
import { home, zone } from "../store";
import type { Asset, HomeState } from "../types";
import { Gauge } from "./Gauge";
import { Icon } from "./Icons";

const QUIET_W = 15;

function badge(asset: Asset): string | null {
  if (asset.fault !== null) return t.cards.fault(asset.fault);
  if (!asset.online) return t.cards.offline;
  return asset.quality === "good" ? null : t.cards[asset.quality];
}

function Card(props: { id: string; asset: Asset; status: string; children?: ComponentChildren }) {
  const { asset } = props;
  const trouble = badge(asset);
  return (
    <article class={`card device kind-${asset.kind}`} data-asset={props.id}>
      <header>
        <span class="chip">
          <Icon name={asset.kind} />
        </span>
        <div class="grow">
          <h3>{asset.name}</h3>
          <p class="small status">
            <span class="muted">{props.status}</span>
            <span class="now">{f.power(asset.power_w === null ? null : Math.abs(asset.power_w))}</span>
          </p>
        </div>
      </header>
      {trouble && <p class="badge">{trouble}</p>}
      {props.children}
      {asset.reason !== null && <p class="why">{asset.reason}</p>}
      <p class="small muted setpoint">
        {asset.setpoint_w === null ? t.cards.noSetpoint : `${t.cards.setpoint} ${f.power(asset.setpoint_w)}`}
      </p>
    </article>
  );
}

const active = (asset: Asset): boolean => Math.abs(asset.power_w ?? 0) >= QUIET_W;

function BatteryCard({ id, asset }: { id: string; asset: Asset }) {
  const power = asset.power_w ?? 0;
  const status = !active(asset) ? t.cards.idle : power > 0 ? t.cards.charging : t.cards.discharging;
  return (
    <Card id={id} asset={asset} status={status}>
      <div class="reading">
        <strong>{f.percent(asset.soc)}</strong>
      </div>
      <Gauge share={asset.soc} label={t.cards.charge} text={f.percent(asset.soc)} />
    </Card>
  );
}

function VehicleCard({ id, asset, state }: { id: string; asset: Asset; state: HomeState }) {
  const status =
    asset.connected === false ? t.cards.notConnected : asset.charging ? t.cards.charging : t.cards.connected;
  const leaves =
    asset.departure === null
      ? t.cards.noDeparture
      : t.cards.leaves(f.timeNear(asset.departure, state.at, zone.value));
  return (
    <Card id={id} asset={asset} status={status}>
      <div class="reading">
        <strong>{f.percent(asset.soc)}</strong>
        {asset.connected !== false && <span class="small muted">{leaves}</span>}
      </div>
      <Gauge
        share={asset.soc}
        label={t.cards.charge}
        text={asset.soc === null ? t.cards.unknownCharge : f.percent(asset.soc)}
      />
    </Card>
  );
}

const TANK_LOW_C = 20;
const TANK_HIGH_C = 70;
const tankShare = (celsius: number): number => (celsius - TANK_LOW_C) / (TANK_HIGH_C - TANK_LOW_C);

function TankCard({ id, asset }: { id: string; asset: Asset }) {
  return (
    <Card id={id} asset={asset} status={active(asset) ? t.cards.heating : t.cards.off}>
      <div class="reading">
        <strong>{f.temperature(asset.temperature_c, 0)}</strong>
        {asset.target_c !== null && (
          <span class="small muted">{t.cards.target(f.temperature(asset.target_c, 0))}</span>
        )}
      </div>
      <Gauge
        share={asset.temperature_c === null ? null : tankShare(asset.temperature_c)}
        mark={asset.target_c === null ? null : tankShare(asset.target_c)}
        label={t.cards.temperature}
        text={f.temperature(asset.temperature_c, 0)}
      />
    </Card>
  );
}

function HeatPumpCard({ id, asset }: { id: string; asset: Asset }) {
  return (
    <Card id={id} asset={asset} status={(asset.power_w ?? 0) > 200 ? t.cards.running : t.cards.standby}>
      {asset.temperature_c !== null && (
        <div class="reading">
          <strong>{f.temperature(asset.temperature_c, 0)}</strong>
          <span class="small muted">{t.cards.supply}</span>
        </div>
      )}
    </Card>
  );
}

const ROOM_SPAN_K = 3;

/** All rooms in one card: how far each is from its target, the target in the middle. */
function RoomsCard({ rooms }: { rooms: [string, Asset][] }) {
  return (
    <article class="card device kind-room rooms">
      <header>
        <span class="chip">
          <Icon name="room" />
        </span>
        <div class="grow">
          <h3>{t.cards.rooms}</h3>
        </div>
      </header>
      <ul>
        {rooms.map(([id, room]) => {
          const off = room.temperature_c === null || room.target_c === null ? null : room.temperature_c - room.target_c;
          return (
            <li key={id} data-asset={id}>
              <div class="reading">
                <span>{room.name}</span>
                <strong>{f.temperature(room.temperature_c)}</strong>
              </div>
              <Gauge
                share={off === null ? null : 0.5 + off / (2 * ROOM_SPAN_K)}
                mark={off === null ? null : 0.5}
                label={`${room.name}, ${t.cards.temperature}`}
                text={f.temperature(room.temperature_c)}
              />
              <p class="small muted">
                {badge(room) ?? (room.target_c === null ? "" : t.cards.target(f.temperature(room.target_c)))}
              </p>
              {room.reason !== null && <p class="why">{room.reason}</p>}
            </li>
          );
        })}
      </ul>
    </article>
  );
}

export function Cards() {
  const state = home.value;
  if (!state) return null;
  const entries = Object.entries(state.assets);
  const of = (kind: string) => entries.filter(([, asset]) => asset.kind === kind);
  const rooms = of("room");
  const flexible = of("flexible_load").filter(([, asset]) => asset.reason !== null || badge(asset) !== null);
  return (
    <section class="cards" aria-label={t.cards.title}>
      {of("battery").map(([id, asset]) => (
        <BatteryCard key={id} id={id} asset={asset} />
      ))}
      {of("charge_point").map(([id, asset]) => (
        <VehicleCard key={id} id={id} asset={asset} state={state} />
      ))}
      {of("tank").map(([id, asset]) => (
        <TankCard key={id} id={id} asset={asset} />
      ))}
      {of("heat_pump").map(([id, asset]) => (
        <HeatPumpCard key={id} id={id} asset={asset} />
      ))}
      {rooms.length > 0 && <RoomsCard rooms={rooms} />}
      {flexible.map(([id, asset]) => (
        <Card key={id} id={id} asset={asset} status={active(asset) ? t.cards.running : t.cards.off} />
      ))}
    </section>
  );
}
