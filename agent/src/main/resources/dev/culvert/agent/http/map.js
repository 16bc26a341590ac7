// A picture of the links: spokes while there is room for names, else a cell for each node.

import { bitRate, roundTrip } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_SPOKES = 36;
const LARGEST_CELL = 13;
const SMALLEST_CELL = 6;
const HIGHEST = 340;

export class LinkMap {
  #figure;
  #choose;
  #cells = null;

  constructor(figure, choose) {
    this.#figure = figure;
    this.#choose = choose;
  }

  draw(self, peers, rates) {
    if (peers.length === 0) {
      this.#figure.replaceChildren();
    } else if (peers.length <= MOST_SPOKES) {
      this.#cells = null;
      this.#figure.replaceChildren(this.#spokes(self, peers, rates));
    } else {
      this.#drawCells(peers);
    }
  }

  #spokes(self, peers, rates) {
    const crowded = peers.length > 12;
    const width = 900;
    const height = crowded ? 420 : 330;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}` });
    const groups = [];
    const middle = { x: width / 2, y: height / 2 };
    peers.forEach((peer, index) => {
      const angle = (index / peers.length) * 2 * Math.PI - Math.PI / 2;
      const x = middle.x + Math.cos(angle) * 300;
      const y = middle.y + Math.sin(angle) * (height / 2 - 48);
      const rate = rates.of(peer.node);
      const load = (rate.egress.bytes ?? 0) + (rate.ingress.bytes ?? 0);
      const group = element("g", { class: "peer" });
      svg.append(element("line", { class: peer.state, x1: middle.x, y1: middle.y, x2: x, y2: y, "stroke-width": thickness(load) }));
      group.append(
        element("circle", { class: peer.state, cx: x, cy: y, r: 8 }),
        text(peer.node, x, y - 14, "middle", ""),
        text(`${roundTrip(peer.rttMicros)} · ${bitRate(load)}`, x, y + 22, "middle", "quiet"));
      group.addEventListener("click", () => this.#choose(peer.node));
      groups.push(group);
    });
    svg.append(...groups, element("circle", { class: "self", cx: middle.x, cy: middle.y, r: 12 }), text(self, middle.x, middle.y - 18, "middle", ""));
    return svg;
  }

  #drawCells(peers) {
    const canvas = this.#canvas();
    const width = this.#figure.clientWidth || 800;
    const fitting = Math.floor(Math.sqrt((width * HIGHEST) / peers.length));
    const cell = Math.min(LARGEST_CELL, Math.max(SMALLEST_CELL, fitting));
    const gap = cell > 8 ? 2 : 1;
    const columns = Math.max(1, Math.floor(width / cell));
    const height = Math.ceil(peers.length / columns) * cell;
    const density = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const style = getComputedStyle(document.documentElement);
    const colours = {};
    for (const state of ["up", "lossy", "down", "unknown"]) {
      colours[state] = style.getPropertyValue(`--${state}`);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    peers.forEach((peer, index) => {
      pen.fillStyle = colours[peer.state] ?? colours.unknown;
      pen.fillRect((index % columns) * cell, Math.floor(index / columns) * cell, cell - gap, cell - gap);
    });
    this.#cells = { peers, columns, cell };
  }

  #canvas() {
    let canvas = this.#figure.querySelector("canvas");
    if (canvas === null) {
      canvas = document.createElement("canvas");
      canvas.addEventListener("click", (event) => {
        const peer = this.#at(event);
        if (peer !== undefined) {
          this.#choose(peer.node);
        }
      });
      canvas.addEventListener("mousemove", (event) => {
        const peer = this.#at(event);
        canvas.title = peer === undefined ? "" : `${peer.node}: ${peer.state}, ${roundTrip(peer.rttMicros)}`;
      });
      this.#figure.replaceChildren(canvas);
    }
    return canvas;
  }

  #at(event) {
    const { peers, columns, cell } = this.#cells;
    const column = Math.floor(event.offsetX / cell);
    return column < columns ? peers[Math.floor(event.offsetY / cell) * columns + column] : undefined;
  }
}

function thickness(bytesPerSecond) {
  return bytesPerSecond <= 0 ? 1.5 : Math.min(9, 1.5 + Math.log10(1 + bytesPerSecond / 1000));
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  return made;
}

function text(content, x, y, anchor, kind) {
  const made = element("text", { x, y, "text-anchor": anchor, class: kind });
  made.textContent = content;
  return made;
}
