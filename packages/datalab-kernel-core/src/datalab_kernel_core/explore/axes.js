// ---- axes ----------------------------------------------------------------------------

function steps(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const first = Math.ceil(low / step);
  const ticks = [];
  for (let n = first; n * step <= high && ticks.length < 100; n += 1) ticks.push(n * step);
  return { ticks, step };
}

// Return the positions and labels of ticks, and the offset to add to the labels.
function linearTicks(low, high, count) {
  const { ticks, step } = steps(low, high, count);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const offset = largest / step > 1e6 && ticks.length ? ticks[0] : 0;
  const digits = Math.ceil(Math.log10((largest - Math.abs(offset)) / step + 2)) + 1;
  const text = (value) => String(Number((value - offset).toPrecision(Math.max(digits, 3))));
  return { ticks: ticks.map((value) => [value, text(value)]), offset };
}

function logTicks(low, high, count) {
  if (high - low < 1) {
    const { ticks, offset } = linearTicks(10 ** low, 10 ** high, count);
    return { ticks: ticks.map(([value, text]) => [Math.log10(value), text]), offset };
  }
  const step = Math.max(1, Math.ceil((high - low) / count));
  const ticks = [];
  for (let n = Math.ceil(low); n <= high; n += step) {
    ticks.push([n, Math.abs(n) < 5 ? String(Number((10 ** n).toPrecision(3))) : `1e${n}`]);
  }
  return { ticks, offset: 0 };
}

// ---- dates ---------------------------------------------------------------------------

const [MINUTE, HOUR, DAY] = [60, 3600, 86400];
const DATE_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7].map((n) => n * DAY),
];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000];

// Return ticks at round dates, whose values are seconds since 1970, and the date that
// the labels leave out.
function dateTicks(low, high, count) {
  const iso = (seconds) => {
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? "" : date.toISOString();
  };
  const rough = (high - low) / count;
  if (rough < 1) {
    const { ticks } = steps(low, high, count);
    const text = (value) => `${iso(value).slice(14, 19)}${(value % 1).toFixed(6).slice(1)}`;
    return { ticks: ticks.map((value) => [value, text(value).replace(/0+$/, "")]), offset: iso(low).slice(0, 13) + "h" };
  }
  const step = DATE_STEPS.find((one) => one >= rough);
  if (!step) return monthTicks(low, high, rough, iso);
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) {
    const text = iso(n * step);
    const isMidnight = (n * step) % DAY === 0;
    const time = step < MINUTE ? text.slice(11, 19) : text.slice(11, 16);
    ticks.push([n * step, step >= DAY ? text.slice(0, 10) : isMidnight ? text.slice(5, 10) : time]);
  }
  return { ticks, offset: step >= DAY ? "" : iso(low).slice(0, 10) };
}

function monthTicks(low, high, rough, iso) {
  const step = MONTH_STEPS.find((one) => one * 30 * DAY >= rough) ?? 12000;
  const first = new Date(low * 1000);
  const ticks = [];
  const start = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
  for (let month = start; ticks.length < 50; month += step) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    const seconds = date.getTime() / 1000;
    if (!(seconds <= high)) break;
    if (seconds >= low) ticks.push([seconds, iso(seconds).slice(0, step < 12 ? 7 : 4)]);
  }
  return { ticks, offset: "" };
}
