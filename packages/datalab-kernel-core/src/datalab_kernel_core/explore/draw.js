// ---- tools that draw new shapes -------------------------------------------------------

const TOOLS = {
  span: ["segment", "region", "drag along x to draw a segment; Esc cancels"],
  rectangle: ["rectangle", "region", "drag to draw a rectangle; Esc cancels"],
  circle: ["circle", "region", "drag from the center to draw a circle; Esc cancels"],
  polygon: ["polygon", "region", "click each corner; Enter or a double-click ends the polygon; Esc cancels"],
  segment: ["line", "mark", "drag to draw a line, with Shift along x or y; Esc cancels"],
  point: ["point", "mark", "click to set a point; Esc cancels"],
};
const SMALLEST = 3; // pixels of a shape that is meant as one

// The tool that is in use, and the shape that is being drawn with it.
class Pen {
  constructor(view, svg, { onDraft, onDrawn }) {
    this.view = view;
    this.onDraft = onDraft;
    this.onDrawn = onDrawn;
    this.svg = svg;
    this.kind = null;
    this.capture = drawn("rect", svg, { class: "dle-capture" });
    this.halo = drawn("path", svg, { class: "dle-halo dle-draft" });
    this.line = drawn("path", svg, { class: "dle-line dle-draft" });
    const on = (name, action) => this.capture.addEventListener(name, action);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("dblclick", (event) => {
      event.stopPropagation();
      this.close();
    });
    this.stop();
  }

  start(kind) {
    this.kind = kind;
    this.from = null;
    this.corners = [];
    const { left, top, width, height } = this.view.plot;
    Object.entries({ x: left, y: top, width, height }).forEach(([key, value]) =>
      this.capture.setAttribute(key, value));
    this.capture.style.display = "";
    this.svg.focus({ preventScroll: true });
  }

  stop() {
    this.kind = null;
    this.corners = [];
    this.from = null;
    this.capture.style.display = "none";
    this.show(null);
  }

  at(event) {
    const box = this.view.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
    const at = this.at(event);
    if (this.kind === "polygon") this.corner(at);
    else {
      this.capture.setPointerCapture(event.pointerId);
      this.from = at;
    }
  }

  // Add a corner to the polygon, which ends at its first one.
  corner(at) {
    const near = (other, pixels) => other && Math.hypot(other[0] - at[0], other[1] - at[1]) < pixels;
    if (near(this.corners.at(-1), SMALLEST)) return;
    if (this.corners.length > 2 && near(this.corners[0], 8)) this.close();
    else {
      this.corners.push(at);
      this.show(this.corners);
    }
  }

  move(event) {
    const at = this.at(event);
    if (this.kind === "polygon" && this.corners.length) this.show([...this.corners, at]);
    else if (this.from) this.onDraft(this.shape(at, event.shiftKey));
  }

  shape(at, isStraight) {
    const shape = { kind: this.kind, coords: between(this.view, this.kind, this.from, at) };
    if (isStraight && this.kind === "segment") shape.coords = straightened(this.view, shape.coords);
    this.show(places(this.view, shape));
    return shape;
  }

  up(event) {
    if (!this.from) return;
    const at = this.at(event);
    const size = Math.hypot(at[0] - this.from[0], at[1] - this.from[1]);
    const shape = this.shape(at, event.shiftKey);
    const isFlat = shape.kind === "span" ? Math.abs(at[0] - this.from[0]) < SMALLEST
      : shape.kind === "rectangle" && Math.min(Math.abs(at[0] - this.from[0]), Math.abs(at[1] - this.from[1])) < 1;
    if (shape.kind !== "point" && (size < SMALLEST || isFlat)) {
      this.from = null;
      this.show(null);
    } else this.finish(shape);
  }

  close() {
    if (this.kind !== "polygon" || this.corners.length < 3) return;
    const coords = this.corners.flatMap(([x, y]) => [
      coordinateAt(this.view, "x", x),
      coordinateAt(this.view, "y", y),
    ]);
    this.finish({ kind: "polygon", coords });
  }

  // Draw a shape in the middle of the plot, for users without a pointer.
  middle(kind) {
    const { left, top, width, height } = this.view.plot;
    const [x, y] = [left + width / 2, top + height / 2];
    const size = Math.min(width, height) / 8;
    const from = kind === "circle" ? [x, y] : [x - size, y - size];
    const to = kind === "circle" ? [x + size, y] : [x + size, y + size];
    if (kind === "point") this.finish({ kind, coords: between(this.view, kind, [x, y], [x, y]) });
    else if (kind === "polygon") {
      this.kind = kind;
      this.corners = [[x, y - size], [x + size, y + size], [x - size, y + size]];
      this.close();
    } else this.finish({ kind, coords: between(this.view, kind, from, to) });
  }

  finish(shape) {
    this.stop();
    this.onDrawn(shape);
  }

  show(at) {
    const kind = this.kind === "polygon" ? "polyline" : this.kind;
    const path = at ? outline({ kind, coords: [] }, at) : "";
    this.halo.setAttribute("d", path);
    this.line.setAttribute("d", path);
  }
}
