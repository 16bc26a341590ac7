// The cluster as this node sees it: asks for /status again and again and shows what it says.

import { bitRate, bytes, clock, count, duration, packetRate, ratio, roundTrip } from "./format.js";
import { Grid } from "./grid.js";
import { LinkMap } from "./map.js";
import { Rates } from "./rates.js";

const STATES = ["up", "lossy", "down", "unknown"];
const THEMES = ["auto", "light", "dark"];
const SOON = 2000;
const PATIENCE = 10000;

const rates = new Rates();
const shownStates = new Set(STATES);
let report = null;
let heard = null;
let trouble = "";
let paused = false;
let timer = null;

const at = (id) => document.getElementById(id);

const grid = new Grid(
  at("peers"),
  [
    { title: "Node", text: (peer) => peer.node, value: (peer) => peer.node },
    { title: "State", text: (peer) => stateText(peer.state), value: (peer) => STATES.indexOf(peer.state), kind: "state" },
    { title: "Address", text: (peer) => peer.ip, value: (peer) => peer.ip },
    { title: "Pod ranges", text: (peer) => peer.prefixes.join(" "), value: (peer) => peer.prefixes.join(" ") },
    { title: "Round trip", text: (peer) => roundTrip(peer.rttMicros), value: (peer) => peer.rttMicros, kind: "number" },
    { title: "Loss", text: (peer) => ratio(peer.lossRatio), value: (peer) => peer.lossRatio, kind: "number" },
    { title: "To it", text: (peer) => bitRate(rates.of(peer.node).egress.bytes), value: (peer) => rates.of(peer.node).egress.bytes, kind: "number" },
    { title: "From it", text: (peer) => bitRate(rates.of(peer.node).ingress.bytes), value: (peer) => rates.of(peer.node).ingress.bytes, kind: "number" },
  ],
  showDetail);
const map = new LinkMap(at("map"), (node) => grid.select(node));

function stateText(state) {
  return state === "unknown" ? "not known" : state;
}

async function ask() {
  clearTimeout(timer);
  const began = performance.now();
  try {
    const answer = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) {
      throw new Error(`HTTP status ${answer.status}`);
    }
    report = await answer.json();
    heard = Date.now();
    trouble = "";
    rates.update(report);
    show();
  } catch (problem) {
    trouble = problem.name === "TimeoutError" ? "no answer" : problem.message;
  }
  showFreshness();
  // An answer that is long in the making is asked for less often.
  const pause = Math.max(SOON, 10 * (performance.now() - began));
  if (!paused && !document.hidden) {
    timer = setTimeout(ask, pause);
  }
}

function show() {
  document.title = `${report.node} · Culvert`;
  at("node").textContent = report.node;
  showReady();
  showTiles();
  showPeers();
  showPods();
  showDrops();
  showPolicies();
  showChanges();
}

function showReady() {
  const badge = at("ready");
  say(badge, report.ready ? "ready" : "not ready");
  badge.className = `badge ${report.ready ? "good" : "bad"}`;
  const sentences = [];
  for (const [name, sentence] of [...Object.entries(report.conditions), ...Object.entries(report.liveness)]) {
    if (sentence !== "") {
      sentences.push(`${name}: ${sentence}`);
    }
  }
  sentences.push(...report.warnings);
  at("troubles").hidden = sentences.length === 0;
  fill(at("troubles-list"), sentences, () => document.createElement("li"), (item, sentence) => say(item, sentence));
}

function showTiles() {
  const states = report.peerStates;
  say(at("tile-peers"), count(report.peers.length + 1));
  say(at("tile-states"), STATES.filter((state) => states[state] > 0).map((state) => `${count(states[state])} ${stateText(state)}`).join(" · "));
  for (const direction of ["egress", "ingress"]) {
    const rate = rates[direction];
    say(at(`tile-${direction}`), bitRate(rate.bytes));
    say(at(`tile-${direction}-packets`), rate.packets === null ? `${bytes(report[direction].bytes)} in all` : `${packetRate(rate.packets)} · ${bytes(report[direction].bytes)} in all`);
    spark(at(`spark-${direction}`), rates[`${direction}History`]);
  }
  const dropped = report.drops.reduce((sum, each) => sum + each.packets, 0);
  const now = report.drops.reduce((sum, each) => sum + (rates.drop(each) ?? 0), 0);
  say(at("tile-drops"), packetRate(now));
  say(at("tile-drops-total"), `${count(dropped)} packets in all`);
  say(at("tile-pods"), report.leases.length === 1 ? "1 pod" : `${count(report.leases.length)} pods`);
  say(at("tile-node"), `${report.podCidrs.join(" ") || "no pod range yet"} · MTU ${report.podMtu || "–"}`);
  say(at("tile-memory"), bytes(report.process.residentBytes || report.process.heapUsedBytes));
  say(at("tile-agent"), `${report.version} · runs for ${duration(report.timeMillis - report.startedMillis)}`);
}

function spark(svg, history) {
  const top = Math.max(...history, 1);
  const missing = 60 - history.length;
  const points = history.map((value, index) => `${((missing + index) * 120) / 59},${(23 - (value / top) * 22).toFixed(1)}`);
  svg.firstElementChild.setAttribute("points", points.join(" "));
}

function showPeers() {
  const text = at("peers-filter").value.trim().toLowerCase();
  const found = report.peers.filter((peer) => shownStates.has(peer.state) && matches(peer, text));
  grid.show(found);
  map.draw(report.node, found, rates);
  say(at("peers-count"), found.length === report.peers.length
    ? `${count(report.peers.length)} other nodes` : `${count(found.length)} of ${count(report.peers.length)} other nodes`);
}

function matches(peer, text) {
  return text === "" || peer.node.toLowerCase().includes(text) || peer.ip.includes(text) || peer.prefixes.some((each) => each.includes(text));
}

function showDetail(peer) {
  if (peer === null) {
    say(at("peer-detail"), "");
    return;
  }
  const rate = rates.of(peer.node);
  const seen = peer.lastSeenMillis === null ? "never answered a probe" : `answered last at ${clock(peer.lastSeenMillis)}`;
  say(at("peer-detail"), `${peer.node}: ${stateText(peer.state)}, ${seen}; ${peer.ip} port ${peer.port}, ${peer.mac}; `
    + `to it ${packetRate(rate.egress.packets)}, ${bytes(peer.egress.bytes)} in all, ${count(peer.egress.drops)} dropped; `
    + `from it ${packetRate(rate.ingress.packets)}, ${bytes(peer.ingress.bytes)} in all, ${count(peer.ingress.drops)} dropped`);
}

function showPods() {
  const pods = report.leases.slice().sort((a, b) => a.pod.localeCompare(b.pod, "en", { numeric: true }));
  table(at("pods"), pods, (pod) => [pod.pod || pod.container.slice(0, 12), pod.addresses.join(" "), pod.hostInterface], "No pods yet.");
}

function showDrops() {
  const drops = report.drops.filter((each) => each.packets > 0).sort((a, b) => b.packets - a.packets);
  table(at("drops"), drops, (each) => [
    `${each.direction === "egress" ? "To other nodes" : "From other nodes"}: ${each.meaning} (${each.reason})`,
    packetRate(rates.drop(each)),
    count(each.packets),
  ], "None.");
  for (const row of at("drops").rows) {
    Array.from(row.cells).slice(1).forEach((cell) => cell.classList.add("number"));
  }
}

// Those that are about pods of this node, and those that somebody has to mend.
function showPolicies() {
  say(at("policies-note"), report.policy.note);
  const policies = report.policy.policies.filter((each) => each.pods.length > 0 || each.problem !== "");
  table(at("policies"), policies, (each) => [
    each.problem === "" ? each.name : `${each.name}, not understood: ${each.problem}`,
    each.directions.join(" and "),
    each.pods.join(" "),
  ], "None is about a pod of this node.");
}

function showChanges() {
  fill(at("changes"), report.changes.slice().reverse(), () => {
    const item = document.createElement("li");
    item.append(document.createElement("time"), document.createElement("span"), document.createElement("span"));
    item.children[0].className = item.children[1].className = "quiet";
    return item;
  }, (item, change) => {
    say(item.children[0], clock(change.timeMillis));
    item.children[0].dateTime = new Date(change.timeMillis).toISOString();
    say(item.children[1], change.kind);
    say(item.children[2], change.text);
  });
}

function showFreshness() {
  const place = at("freshness");
  const lost = trouble !== "";
  const since = heard === null ? "" : ` since ${clock(heard)}`;
  say(place, lost ? `the agent does not answer${since}: ${trouble}` : paused ? `paused at ${clock(heard)}` : `as of ${clock(heard)}`);
  place.className = lost ? "stale" : "quiet";
  if (lost && report === null) {
    say(at("ready"), "no answer");
    at("ready").className = "badge bad";
  }
}

function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

// As many children as there are items, each kept where it is, so that nothing jumps.
function fill(parent, items, make, update) {
  while (parent.children.length > items.length) {
    parent.lastElementChild.remove();
  }
  while (parent.children.length < items.length) {
    parent.append(make());
  }
  items.forEach((item, index) => update(parent.children[index], item));
}

function table(body, items, cells, none) {
  const rows = items.length > 0 ? items.map(cells) : [[none]];
  fill(body, rows, () => document.createElement("tr"), (row, texts) => {
    fill(row, texts, () => document.createElement("td"), (cell, text) => say(cell, text));
    row.firstElementChild.colSpan = texts.length === 1 ? 3 : 1;
  });
}

function setTheme(theme) {
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  at("theme").textContent = `Theme: ${theme}`;
  localStorage.setItem("culvert-theme", theme);
}

function theme() {
  const kept = localStorage.getItem("culvert-theme");
  return THEMES.includes(kept) ? kept : "auto";
}

for (const state of STATES) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = stateText(state);
  button.setAttribute("aria-pressed", "true");
  button.addEventListener("click", () => {
    const on = !shownStates.delete(state);
    if (on) {
      shownStates.add(state);
    }
    button.setAttribute("aria-pressed", String(on));
    if (report !== null) {
      showPeers();
    }
  });
  at("peers-states").append(button, " ");
}
at("peers-filter").addEventListener("input", () => report !== null && showPeers());
at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  if (paused) {
    clearTimeout(timer);
    showFreshness();
  } else {
    ask();
  }
});
at("theme").addEventListener("click", () => {
  setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  if (report !== null) {
    showPeers();
  }
});
document.addEventListener("visibilitychange", () => !document.hidden && !paused && ask());
window.addEventListener("resize", () => report !== null && showPeers());
setTheme(theme());
ask();
