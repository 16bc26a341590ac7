// Figures for people. All functions take null for "not known".

const UNKNOWN = "–";

function scaled(value, units, step) {
  let unit = 0;
  let rest = value;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit++;
  }
  const digits = rest >= 100 || unit === 0 ? 0 : 1;
  return `${rest.toFixed(digits)} ${units[unit]}`;
}

/** Bytes a second as bits a second. */
export function bitRate(bytesPerSecond) {
  return bytesPerSecond === null ? UNKNOWN
    : scaled(bytesPerSecond * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"], 1000);
}

export function packetRate(perSecond) {
  if (perSecond === null) {
    return UNKNOWN;
  }
  const digits = perSecond > 0 && perSecond < 10;
  return digits ? `${perSecond.toFixed(1)} packets/s` : scaled(perSecond, ["packets/s", "k packets/s", "M packets/s"], 1000);
}

export function bytes(count) {
  return scaled(count, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
}

export function count(value) {
  return value.toLocaleString("en");
}

export function roundTrip(micros) {
  if (micros === null) {
    return UNKNOWN;
  }
  return micros < 1000 ? `${micros} µs` : `${(micros / 1000).toFixed(micros < 10000 ? 2 : 1)} ms`;
}

export function ratio(value) {
  if (value === null) {
    return UNKNOWN;
  }
  return value === 0 ? "0 %" : `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
}

export function duration(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

export function clock(millis) {
  return new Date(millis).toLocaleTimeString("en-GB");
}
