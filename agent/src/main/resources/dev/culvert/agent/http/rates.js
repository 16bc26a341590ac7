// What grows, as rates: from two reports of the same run of the agent.

const NOT_KNOWN = { bytes: null, packets: null, drops: null };
const REMEMBERED = 60;

export class Rates {
  #earlier = null;
  #earlierPeers = new Map();

  egress = NOT_KNOWN;
  ingress = NOT_KNOWN;
  drops = new Map();
  peers = new Map();
  egressHistory = [];
  ingressHistory = [];

  update(report) {
    const earlier = this.#earlier;
    const seconds = earlier === null || earlier.startedMillis !== report.startedMillis
      ? 0 : (report.timeMillis - earlier.timeMillis) / 1000;
    this.egress = rate(report.egress, earlier?.egress, seconds);
    this.ingress = rate(report.ingress, earlier?.ingress, seconds);
    remember(this.egressHistory, this.egress.bytes);
    remember(this.ingressHistory, this.ingress.bytes);
    const dropped = new Map((earlier?.drops ?? []).map((each) => [key(each), each.packets]));
    this.drops = new Map(report.drops.map(
      (each) => [key(each), perSecond(each.packets, dropped.get(key(each)), seconds)]));
    const peers = new Map();
    this.peers = new Map();
    for (const peer of report.peers) {
      const before = this.#earlierPeers.get(peer.node);
      peers.set(peer.node, peer);
      this.peers.set(peer.node, {
        egress: rate(peer.egress, before?.egress, seconds),
        ingress: rate(peer.ingress, before?.ingress, seconds),
      });
    }
    this.#earlier = report;
    this.#earlierPeers = peers;
  }

  of(node) {
    return this.peers.get(node) ?? { egress: NOT_KNOWN, ingress: NOT_KNOWN };
  }

  drop(each) {
    return this.drops.get(key(each)) ?? null;
  }
}

function key(drop) {
  return `${drop.direction} ${drop.reason}`;
}

function rate(now, before, seconds) {
  if (before === undefined || seconds <= 0) {
    return NOT_KNOWN;
  }
  return {
    bytes: perSecond(now.bytes, before.bytes, seconds),
    packets: perSecond(now.packets, before.packets, seconds),
    drops: perSecond(now.drops, before.drops, seconds),
  };
}

// A counter that went back began anew with the data path.
function perSecond(now, before, seconds) {
  return before === undefined || seconds <= 0 || now < before ? null : (now - before) / seconds;
}

function remember(history, value) {
  history.push(value ?? 0);
  if (history.length > REMEMBERED) {
    history.shift();
  }
}
