// ---- the data under the selected shape ---------------------------------------------------

const PROFILE_HEIGHT = 190;
const PREVIEW_POINTS = 400;

const READ = ["segment", "span", "point"]; // the kinds of shapes under which data is read

// A summary of the data, and the curve under a line on an image. While the line is drawn
// or moved, the curve is read from the pixels on the screen; the kernel sends the exact one.
class Profile extends PlotArea {
  constructor(view, previous) {
    super();
    this.view = view;
    this.isImage = false;
    this.log = [false, false];
    this.el = element("div", view.el, { className: "dle-profile", hidden: true });
    this.text = element("div", this.el, { className: "dle-under" });
    this.canvas = element("canvas", this.el, { hidden: true });
    this.canvas.setAttribute("role", "img");
    this.value = element("div", this.el, { className: "dle-profile-value", hidden: true });
    this.canvas.addEventListener("pointermove", (event) => this.read(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.read(null));
    previous.after(this.el);
  }

  // Request the data under a shape of a kind that has some.
  inspect(shape) {
    if (!shape?.what || !READ.includes(shape.kind)) {
      this.el.hidden = true;
      this.showCurve(null);
      return;
    }
    const { what, index, key } = shape;
    const width = Math.round(this.view.width - MARGIN.left - MARGIN.right);
    const height = PROFILE_HEIGHT - MARGIN.top - MARGIN.bottom;
    this.view.link.ask("profile", { what, index, key, width, height });
  }

  receive(reply, buffers) {
    const { about, text } = reply;
    const selected = this.view.editor.current;
    this.el.hidden = !READ.includes(selected?.kind);
    this.view.say(this.text, reply.error ?? text);
    if (!about) this.showCurve(null);
    else {
      this.canvas.setAttribute("aria-label", `${about.title}: ${text}`);
      const range = about.extents.y ? reply.range : [0, 1];
      this.showCurve(about, new Curve(reply, buffers), about.extents.x, range);
    }
    const { dataset } = this.view.el;
    dataset.profiles = Number(dataset.profiles ?? 0) + 1;
  }

  // Show the curve under a line as the pixels on the screen have it.
  preview({ kind, coords }) {
    const found = kind === "segment" && this.view.isImage && pixelsAlong(this.view, coords);
    if (!found) return;
    const { x, y, unit } = found;
    const values = y.filter((value) => !Number.isNaN(value));
    const range = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const about = {
      title: "",
      xlabel: unit ? `Distance (${unit})` : "Distance",
      ylabel: this.view.about.zlabel,
    };
    this.el.hidden = false;
    this.view.say(this.text, "read from the pixels on the screen");
    this.canvas.setAttribute("aria-label", this.text.textContent);
    this.showCurve(about, Curve.of(x, y), [0, x.at(-1) || 1], range);
  }

  showCurve(about, curve, x, range) {
    [this.about, this.picture, this.x, this.mark] = [about, curve, x, null];
    this.canvas.hidden = this.value.hidden = !about;
    if (!about) return;
    this.y = widened(range);
    this.draw();
  }

  draw() {
    if (!this.about || this.el.hidden) return;
    if (this.width !== this.view.width || this.ratio !== this.view.ratio) this.size(this.view.width, PROFILE_HEIGHT);
    paint(this);
  }

  // Show the point of the curve that is nearest to a place of the pointer.
  read(place) {
    this.mark = place === null ? null : this.picture?.nearest(this.at("x", place));
    const [x, y] = this.mark ?? [];
    const number = (value) => Number(value.toPrecision(6));
    this.view.say(this.value, this.mark ? `${this.about.xlabel}: ${number(x)}, value: ${number(y)}` : "");
    this.draw();
  }
}

// Return distances and values along a line, from the picture of a view.
function pixelsAlong(view, [x0, y0, x1, y1]) {
  const { indices, reply } = view.picture ?? {};
  if (!indices || !reply.limits) return null;
  const [left, right, top, bottom] = reply.extent;
  const [rows, columns] = reply.shape;
  const [low, high] = reply.limits;
  const ends = [position(view, "x", x0), position(view, "x", x1), position(view, "y", y0), position(view, "y", y1)];
  const [length, unit] = lineLength(view, [x0, y0, x1, y1], ends);
  const x = new Float64Array(PREVIEW_POINTS);
  const y = new Float64Array(PREVIEW_POINTS);
  for (let n = 0; n < PREVIEW_POINTS; n += 1) {
    const part = n / (PREVIEW_POINTS - 1);
    const column = Math.floor(((ends[0] + part * (ends[1] - ends[0]) - left) / (right - left)) * columns);
    const row = Math.floor(((ends[2] + part * (ends[3] - ends[2]) - top) / (bottom - top)) * rows);
    const isInside = column >= 0 && column < columns && row >= 0 && row < rows;
    const index = isInside ? indices[row * columns + column] : 0; // 0: no value
    x[n] = part * length;
    y[n] = index ? low + ((index - 1) / 254) * (high - low) : NaN;
  }
  return { x, y, unit };
}

// Return the length of a line and its unit, as the kernel counts them.
function lineLength(view, [x0, y0, x1, y1], ends) {
  const [xunit, yunit] = view.editor.state.units;
  if (xunit === yunit) return [Math.hypot(x1 - x0, y1 - y0), xunit];
  if (y0 === y1) return [Math.abs(x1 - x0), xunit];
  if (x0 === x1) return [Math.abs(y1 - y0), yunit];
  return [Math.hypot(ends[1] - ends[0], ends[3] - ends[2]), "pixel"];
}
