// ---- shapes on the screen ------------------------------------------------------------

// A place is a pair of pixels of the canvas. Coordinates are those of the axes.

function position(view, axis, value) {
  if (view.isImage) {
    const [start, step] = view.about.axes[axis === "x" ? 0 : 1];
    return (value - start) / step + 0.5;
  }
  return view.log[axis === "x" ? 0 : 1] ? Math.log10(value) : value;
}

function pixelOf(view, axis, value) {
  const limit = 1e6; // SVG draws nothing beyond it
  return Math.max(-limit, Math.min(limit, view.pixel(axis, position(view, axis, value))));
}

function coordinateAt(view, axis, pixel) {
  const at = view.at(axis, pixel);
  if (view.isImage) {
    const [start, step] = view.about.axes[axis === "x" ? 0 : 1];
    return start + (at - 0.5) * step;
  }
  return view.log[axis === "x" ? 0 : 1] ? 10 ** at : at;
}

// Return a coordinate that is some pixels further; it stays exact if that is none.
function shifted(view, axis, value, pixels) {
  return pixels ? coordinateAt(view, axis, pixelOf(view, axis, value) + pixels) : value;
}

const pairs = (coords) => coords.flatMap((x, n) => (n % 2 ? [] : [[x, coords[n + 1]]]));

// Return the corners of a shape, as pairs of coordinates.
function corners({ kind, coords }) {
  if (kind === "rectangle") {
    const [x, y, width, height] = coords;
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  }
  if (kind === "circle" || kind === "ellipse") {
    const [x, y, a, b = a, theta = 0] = coords;
    return Array.from({ length: 72 }, (_, n) => {
      const [c, s] = [a * Math.cos((n * Math.PI) / 36), b * Math.sin((n * Math.PI) / 36)];
      return [x + c * Math.cos(theta) - s * Math.sin(theta), y + c * Math.sin(theta) + s * Math.cos(theta)];
    });
  }
  return pairs(coords);
}

// Return the places of a shape's corners. A line across the plot has two.
function places(view, shape) {
  const { left, top, width, height } = view.plot;
  const { kind, coords } = shape;
  if (kind === "span") {
    const [a, b] = coords.map((x) => pixelOf(view, "x", x));
    return [[a, top], [b, top], [b, top + height], [a, top + height]];
  }
  if (kind === "yspan") {
    const [a, b] = coords.map((y) => pixelOf(view, "y", y));
    return [[left, a], [left + width, a], [left + width, b], [left, b]];
  }
  if (kind === "axes text") return [[left + coords[0] * width, top + (1 - coords[1]) * height]];
  const [x, y] = coords;
  if (kind === "marker" && x === null) {
    return [[left, pixelOf(view, "y", y)], [left + width, pixelOf(view, "y", y)]];
  }
  if (kind === "marker" && y === null) {
    return [[pixelOf(view, "x", x), top], [pixelOf(view, "x", x), top + height]];
  }
  return corners(shape).map(([a, b]) => [pixelOf(view, "x", a), pixelOf(view, "y", b)]);
}

const CLOSED = ["span", "yspan", "rectangle", "circle", "ellipse", "polygon"];

// Return the outline of a shape as the data of an SVG path.
function outline(shape, at) {
  if (["text", "axes text"].includes(shape.kind) || !at.length) return "";
  if (at.length === 1) {
    const [[x, y]] = at;
    return shape.kind === "marker"
      ? `M${x - 6} ${y}H${x + 6}M${x} ${y - 6}V${y + 6}`
      : `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z`;
  }
  const path = at.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
  return CLOSED.includes(shape.kind) ? `${path}Z` : path;
}

// ---- changes of shapes ---------------------------------------------------------------

// Return the coordinates of a shape that is moved by some pixels.
function moved(view, { kind, coords }, [dx, dy]) {
  const by = (value, n) => shifted(view, n % 2 ? "y" : "x", value, n % 2 ? dy : dx);
  if (kind === "span") return coords.map((x) => shifted(view, "x", x, dx));
  if (kind === "rectangle" || kind === "circle") return [...coords.slice(0, 2).map(by), ...coords.slice(2)];
  return coords.map(by);
}

// Return the places of the handles of a shape.
function handles(view, shape) {
  const { kind, coords } = shape;
  const at = places(view, shape);
  const { top, height } = view.plot;
  if (kind === "span") return [[at[0][0], top + height / 2], [at[1][0], top + height / 2]];
  if (kind === "circle") {
    const [x, y, r] = coords;
    const ends = [[x + r, y], [x, y + r], [x - r, y], [x, y - r]];
    return ends.map(([a, b]) => [pixelOf(view, "x", a), pixelOf(view, "y", b)]);
  }
  if (kind === "rectangle") {
    const between = at.map(([x, y], n) => [(x + at[(n + 1) % 4][0]) / 2, (y + at[(n + 1) % 4][1]) / 2]);
    return [...at, ...between];
  }
  return kind === "point" ? [] : at;
}

// Return the coordinates of a shape one of whose handles is dragged by some pixels.
function resized(view, { kind, coords }, handle, [dx, dy]) {
  if (kind === "span") {
    return coords.map((x, n) => (n === handle ? shifted(view, "x", x, dx) : x));
  }
  if (kind === "circle") {
    const [x, y, r] = coords;
    const axis = handle % 2 ? "y" : "x";
    const center = handle % 2 ? y : x;
    const end = shifted(view, axis, center + (handle < 2 ? r : -r), handle % 2 ? dy : dx);
    return [x, y, Math.abs(end - center)];
  }
  if (kind === "rectangle") return resizedRectangle(view, coords, handle, [dx, dy]);
  return coords.map((value, n) =>
    Math.floor(n / 2) === handle ? shifted(view, n % 2 ? "y" : "x", value, n % 2 ? dy : dx) : value);
}

// Which sides a handle moves: of x and y, 0 for the first side and 1 for the second.
const SIDES = [[0, 0], [1, 0], [1, 1], [0, 1], [null, 0], [1, null], [null, 1], [0, null]];

function resizedRectangle(view, [x, y, width, height], handle, by) {
  const result = [[x, width], [y, height]].map(([start, size], n) => {
    const side = SIDES[handle][n];
    const axis = n ? "y" : "x";
    if (side === null || !by[n]) return [start, size];
    if (side === 1) return [start, shifted(view, axis, start + size, by[n]) - start];
    const begin = shifted(view, axis, start, by[n]);
    return [begin, start + size - begin];
  });
  const ordered = result.map(([start, size]) => (size < 0 ? [start + size, -size] : [start, size]));
  return [ordered[0][0], ordered[1][0], ordered[0][1], ordered[1][1]];
}

// Return the coordinates of a shape that is made larger by the keyboard.
function grown(view, shape, by) {
  const { kind, coords } = shape;
  if (kind === "span") return resized(view, shape, 1, by);
  if (kind === "rectangle") return resized(view, shape, 2, by);
  if (kind === "circle") return resized(view, shape, by[0] ? 0 : 1, by);
  if (kind === "segment") return resized(view, shape, 1, by);
  if (kind !== "polygon") return coords;
  return scaled(view, shape, by);
}

function scaled(view, shape, by) {
  const at = places(view, shape);
  const ends = [0, 1].map((n) => {
    const all = at.map((place) => place[n]);
    return [Math.min(...all), Math.max(...all)];
  });
  const factors = ends.map(([low, high], n) => Math.max((high - low + by[n]) / (high - low || 1), 0.05));
  return at.flatMap((place, index) =>
    place.map((pixel, n) => {
      const value = shape.coords[2 * index + n];
      return shifted(view, n ? "y" : "x", value, (pixel - ends[n][0]) * (factors[n] - 1));
    }));
}

// Return a line along x or y; on an image, between the centers of pixels. One of its ends
// gives way to the other.
function straightened(view, coords, end = 1) {
  const place = (n) => pixelOf(view, n % 2 ? "y" : "x", coords[n]);
  const kept = Math.abs(place(2) - place(0)) < Math.abs(place(3) - place(1)) ? 0 : 1;
  const straight = [...coords];
  straight[2 * end + kept] = coords[2 * (1 - end) + kept];
  if (!view.isImage) return straight;
  return straight.map((value, n) => {
    const axis = n % 2 ? "y" : "x";
    const [start, step] = view.about.axes[n % 2];
    return start + Math.floor(position(view, axis, value)) * step;
  });
}

// Return the coordinates of a new shape between two places.
function between(view, kind, [x0, y0], [x1, y1]) {
  const [a, c] = [x0, x1].map((pixel) => coordinateAt(view, "x", pixel));
  const [b, d] = [y0, y1].map((pixel) => coordinateAt(view, "y", pixel));
  if (kind === "span") return [Math.min(a, c), Math.max(a, c)];
  if (kind === "rectangle") return [Math.min(a, c), Math.min(b, d), Math.abs(c - a), Math.abs(d - b)];
  if (kind === "circle") return [a, b, Math.hypot(c - a, d - b)];
  if (kind === "point") return [c, d];
  return [a, b, c, d];
}
