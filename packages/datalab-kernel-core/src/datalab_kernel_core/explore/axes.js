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
