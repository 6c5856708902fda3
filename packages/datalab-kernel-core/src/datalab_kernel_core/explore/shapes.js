// ---- shapes over the data ------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

function drawn(name, parent, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

const WORDS = { span: "segment", yspan: "range", segment: "line" };
const idOf = (shape, n) => (shape.what ? `${shape.what}:${shape.index}` : `other:${n}`);

// The regions of interest, results and annotations of an object, as elements that have
// a label and can have the keyboard.
class Shapes {
  constructor(view, stage) {
    this.view = view;
    this.nodes = new Map();
    this.shapes = [];
    this.drafts = {}; // coordinates that the kernel does not have yet, by id
    this.selected = null;
    this.svg = drawn("svg", stage, { class: "dle-shapes", role: "group", tabindex: -1 });
    this.svg.setAttribute("aria-label", "Regions, results and annotations");
    this.hatch = `dle-hatch-${view.link.id}`;
    const lines = drawn("pattern", drawn("defs", this.svg), {
      id: this.hatch, width: 12, height: 12, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
    });
    drawn("path", lines, { d: "M0 0V12", class: "dle-hatch-halo" });
    drawn("path", lines, { d: "M0 0V12", class: "dle-hatch" });
    this.layer = drawn("g", this.svg);
    this.top = drawn("g", this.svg, { class: "dle-handles" });
  }

  update(state) {
    this.state = state;
    const old = this.nodes;
    this.nodes = new Map();
    this.shapes = state.shapes.map((shape, n) => ({ ...shape, id: idOf(shape, n) }));
    this.shapes.forEach((shape) => {
      const node = old.get(shape.id) ?? this.make(shape);
      old.delete(shape.id);
      node.el.setAttribute("class", `dle-shape dle-${shape.category}`);
      node.el.style.setProperty("--own", shape.color ?? "");
      if (shape.color) node.el.classList.add("dle-own");
      node.el.classList.toggle("dle-outside", shape.outside);
      node.el.classList.toggle("dle-editable", this.canEdit(shape));
      node.el.setAttribute("role", this.canEdit(shape) ? "button" : "img");
      node.name.textContent = this.nameOf(shape);
      this.nodes.set(shape.id, node);
    });
    old.forEach((node) => node.el.remove());
    if (this.selected && !this.nodes.has(this.selected)) this.selected = null;
    this.paint();
  }

  make(shape) {
    const el = drawn("g", this.layer, { tabindex: 0, "data-id": shape.id });
    return {
      el,
      area: drawn("path", el, { class: "dle-area", "fill-rule": "evenodd" }),
      grab: drawn("path", el, { class: "dle-grab" }),
      halo: drawn("path", el, { class: "dle-halo" }),
      line: drawn("path", el, { class: "dle-line" }),
      name: drawn("text", el, { class: "dle-name" }),
    };
  }

  canEdit(shape) {
    return Boolean(this.state.edits && shape.what && !shape.fixed);
  }

  find(id) {
    return this.shapes.find((shape) => shape.id === id);
  }

  nameOf(shape) {
    return shape.outside ? `${shape.label} (outside)` : shape.label;
  }

  // Return the shape as it is shown, which the kernel may not know yet.
  now(shape) {
    const coords = this.drafts[shape.id];
    return coords ? { ...shape, coords } : shape;
  }

  // -- labels --

  number(axis, value) {
    if (axis === "x" && this.view.about.dates) return new Date(value * 1000).toISOString();
    const unit = this.state.units[axis === "x" ? 0 : 1];
    return `${Number(value.toPrecision(6))}${unit ? ` ${unit}` : ""}`;
  }

  where({ kind, coords }) {
    const [x, y] = [(value) => this.number("x", value), (value) => this.number("y", value)];
    if (kind === "span") return `x from ${x(coords[0])} to ${x(coords[1])}`;
    if (kind === "yspan") return `y from ${y(coords[0])} to ${y(coords[1])}`;
    if (kind === "rectangle") {
      const [a, b, width, height] = coords;
      return `x from ${x(a)} to ${x(a + width)}, y from ${y(b)} to ${y(b + height)}`;
    }
    if (kind === "circle") return `center x ${x(coords[0])}, y ${y(coords[1])}, radius ${x(coords[2])}`;
    if (kind === "segment") {
      return `from x ${x(coords[0])}, y ${y(coords[1])} to x ${x(coords[2])}, y ${y(coords[3])}`;
    }
    if (kind === "polygon" || kind === "polyline") return this.extent(coords);
    if (kind === "axes text") return "";
    const parts = [coords[0] === null ? "" : `x ${x(coords[0])}`, coords[1] === null ? "" : `y ${y(coords[1])}`];
    return parts.filter(Boolean).join(", ");
  }

  extent(coords) {
    const ends = [0, 1].map((n) => {
      const all = coords.filter((_, index) => index % 2 === n);
      return [Math.min(...all), Math.max(...all)];
    });
    const [x, y] = ["x", "y"].map((axis, n) => ends[n].map((end) => this.number(axis, end)).join(" to "));
    return `${coords.length / 2} corners, x from ${x}, y from ${y}`;
  }

  describe(shape) {
    const kind = WORDS[shape.kind] ?? shape.kind;
    const name = shape.label ? ` ${shape.label}` : "";
    const category = shape.category === "region" ? "" : `${shape.category}: `;
    const outside = shape.outside ? ", outside of the shape" : "";
    return `${category}${kind}${name}${outside}: ${this.where(this.now(shape))}`;
  }

  // -- drawing --

  paint() {
    if (!this.state || !this.view.plot) return;
    const { left, top, width, height } = this.view.plot;
    Object.assign(this.svg.style, {
      left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`,
    });
    this.svg.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
    const frame = `M${left} ${top}h${width}v${height}h${-width}Z`;
    for (const shape of this.shapes) this.paintShape(this.nodes.get(shape.id), this.now(shape), frame);
    this.paintHandles();
  }

  paintShape(node, shape, frame) {
    const at = places(this.view, shape);
    const path = outline(shape, at);
    for (const part of ["halo", "line", "grab"]) node[part].setAttribute("d", path);
    const isArea = CLOSED.includes(shape.kind);
    node.area.style.fill = shape.outside ? `url(#${this.hatch})` : "";
    node.area.setAttribute("d", !isArea ? "" : shape.outside ? `${frame}${path}` : path);
    node.at = at;
    const [x, y, anchor] = this.namePlace(shape, at);
    node.name.setAttribute("x", x);
    node.name.setAttribute("y", y);
    node.name.setAttribute("text-anchor", anchor);
    node.el.setAttribute("aria-label", this.describe(shape));
    node.el.classList.toggle("dle-selected", shape.id === this.selected);
  }

  namePlace(shape, at) {
    if (!at.length) return [0, 0, "start"];
    const { left, top, width, height } = this.view.plot;
    const anchors = { left: "start", center: "middle", right: "end" };
    if (shape.kind.endsWith("text")) {
      const down = { top: 10, center: 4, bottom: 0 }[shape.anchor[1]];
      return [at[0][0], at[0][1] + down, anchors[shape.anchor[0]]];
    }
    const [xs, ys] = [0, 1].map((n) => at.map((place) => place[n]));
    const lowest = Math.min(...ys);
    const x = Math.min(Math.max(Math.min(...xs), left + 2), left + width - 20);
    const isBand = shape.kind === "span" || (shape.kind === "marker" && shape.coords[1] === null);
    if (isBand) return [x + 4, top + 13, "start"];
    return [x + (at.length === 1 ? 7 : 0), Math.min(Math.max(lowest - 5, top + 11), top + height - 3), "start"];
  }

  paintHandles() {
    this.top.replaceChildren();
    const shape = this.find(this.selected);
    if (!shape || !this.canEdit(shape)) return;
    handles(this.view, this.now(shape)).forEach(([x, y], n) => {
      drawn("rect", this.top, { x: x - 4, y: y - 4, width: 8, height: 8, class: "dle-handle", "data-handle": n });
    });
  }

  // Return the shape under a place: the smallest one.
  pick([x, y]) {
    const size = (shape) => {
      const box = this.nodes.get(shape.id).line.getBBox();
      return box.width * box.height;
    };
    const found = this.shapes.filter((shape) => this.covers(shape, x, y));
    return found.sort((a, b) => size(a) - size(b))[0] ?? null;
  }

  covers(shape, x, y) {
    const { line, grab, at } = this.nodes.get(shape.id);
    if (!at.length || shape.kind.endsWith("text")) return false;
    if (at.length === 1) return Math.hypot(at[0][0] - x, at[0][1] - y) < 9;
    const point = new DOMPoint(x, y);
    return (CLOSED.includes(shape.kind) && line.isPointInFill(point)) || grab.isPointInStroke(point);
  }
}
