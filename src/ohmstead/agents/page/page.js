"use strict";

const SVG = "http://www.w3.org/2000/svg";
const EVERY_MS = 2000;
const HUB = [320, 160];
// Where each one stands. Powers are into the asset; the sun and the grid feed the house when negative there.
const NODES = {
  solar: { at: [320, 46], name: "Sun", style: "sun" },
  grid: { at: [72, 160], name: "Grid", style: "grid" },
  load: { at: [568, 160], name: "House", style: "load" },
  battery: { at: [190, 270], name: "Battery", style: "battery" },
  vehicle: { at: [450, 270], name: "Vehicle", style: "vehicle" },
};

const byId = (id) => document.getElementById(id);
const kilowatts = (kw) => `${kw.toFixed(2)} kW`;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function shape(parent, name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const drawn = {};

function draw() {
  for (const [id, node] of Object.entries(NODES)) {
    const [x, y] = node.at;
    const wire = shape(byId("lines"), "path", { d: `M${HUB[0]} ${HUB[1]} L${x} ${y}`, class: "wire" });
    const box = { x: x - 62, y: y - 34, width: 124, height: 68, rx: 14, class: `node ${node.style}` };
    const rect = shape(byId("nodes"), "rect", box);
    shape(byId("nodes"), "text", { x, y: y - 10, class: "name" }, node.name);
    const power = shape(byId("nodes"), "text", { x, y: y + 15, class: "power" }, "–");
    drawn[id] = { wire, rect, power };
  }
  shape(byId("nodes"), "circle", { cx: HUB[0], cy: HUB[1], r: 8, class: "node grid" });
}

function showFlows(flows) {
  for (const id of Object.keys(NODES)) {
    let power = flows[`${id}_kw`];
    if (id === "grid" && power !== null) power = -power; // the meter counts import positive; here it leaves the grid
    const on = power !== null && Math.abs(power) >= 0.005;
    const { wire, rect, power: text } = drawn[id];
    wire.setAttribute("class", `wire ${on ? `on ${NODES[id].style}` : ""} ${on && power < 0 ? "back" : ""}`);
    rect.setAttribute("class", `node ${NODES[id].style} ${power === null ? "gone" : ""}`);
    text.textContent = power === null ? "–" : kilowatts(Math.abs(power));
  }
}

function showActions(last) {
  if (!last) return;
  let rest = "nothing bought, nothing exported";
  if (last.import_kw > 0) rest = `${kilowatts(last.import_kw)} bought`;
  if (last.export_kw > 0) rest = `${kilowatts(last.export_kw)} exported`;
  byId("decided").textContent = `${new Date(last.at).toLocaleTimeString()}: ${rest}`;
  const items = Object.entries(last.actions).map(([name, action]) => {
    const item = element("li");
    const shed = "shed_kw" in action;
    const power = shed ? action.shed_kw : action.power_kw;
    const verb = shed ? (power > 0 ? "shed" : "runs") : action.mode;
    const title = element("div", undefined, "title");
    title.append(element("b", name), element("span", power > 0 ? `${verb} ${kilowatts(power)}` : verb, "what"));
    item.append(title, element("p", action.reason, "muted"));
    return item;
  });
  byId("actions").replaceChildren(...items);
}

function describe(name, agent) {
  if (name === "solar") return `${kilowatts(agent.production_kw)}`;
  if (name === "load") {
    const shed = agent.shed_kw > 0 ? `, ${kilowatts(agent.shed_kw)} shed` : "";
    return `${kilowatts(agent.critical_load_kw)} critical, ${kilowatts(agent.flexible_load_kw)} flexible${shed}`;
  }
  if (name === "vehicle" && !agent.connected) return "not connected";
  const what = agent.power_kw > 0 ? `${agent.mode} ${kilowatts(agent.power_kw)}` : "idle";
  return `${agent.state_of_charge_kwh.toFixed(2)} of ${agent.capacity_kwh} kWh, ${what}`;
}

function lease(agent) {
  if (!agent.command) return "no command";
  return `command for another ${Math.round(agent.command.lease_left_s / 60)} min`;
}

function showAgents(status) {
  const items = Object.entries(status).map(([name, agent]) => {
    const item = element("li", undefined, agent.available ? "" : "bad");
    item.append(element("b", name));
    item.append(element("p", agent.available ? describe(name, agent) : agent.error, agent.available ? "" : "muted"));
    if (agent.available && "state_of_charge_kwh" in agent) {
      const meter = element("meter");
      meter.max = agent.capacity_kwh;
      meter.value = agent.state_of_charge_kwh;
      meter.title = "state of charge";
      meter.setAttribute("aria-label", `state of charge of the ${name}`);
      item.append(meter);
    }
    if (agent.available && "command" in agent) item.append(element("p", lease(agent), "muted"));
    return item;
  });
  byId("agents").replaceChildren(...items);
}

async function refresh() {
  const connection = byId("connection");
  try {
    const answer = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(`the central agent answered ${answer.status}`);
    const home = await answer.json();
    showFlows(home.flows);
    showActions(home.last);
    showAgents(home.status);
    const missing = Object.values(home.status).filter((agent) => !agent.available).length;
    connection.textContent = missing ? `${missing} of 4 agents do not answer` : "All agents answer";
    connection.className = missing ? "bad" : "";
  } catch (error) {
    connection.textContent = `No answer: ${error.message}`;
    connection.className = "bad";
  }
  setTimeout(refresh, EVERY_MS);
}

draw();
refresh();
