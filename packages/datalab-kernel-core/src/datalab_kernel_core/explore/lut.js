// ---- the colors of an image ------------------------------------------------------------

// The colormap as a bar over the range of all values, with the ends of the color scale:
// two sliders, and two fields for exact numbers.
class ColorScale {
  constructor(view) {
    this.view = view;
    this.measure(view.about);
    this.row = element("div", view.el, { className: "dle-row dle-colors" });
    this.row.setAttribute("role", "group");
    this.row.setAttribute("aria-label", "Color scale");
    this.fields = [0, 1].map((end) => this.field(end));
    this.buildBar();
    view.button(this.row, "reset colors", "Color scale as at first", () => this.reset());
    view.button(this.row, "all values", "Color scale from the lowest to the highest value", () => this.set([...this.range]));
    this.choice = element("select", this.row, { title: "Colormap" });
    this.choice.setAttribute("aria-label", "Colormap");
    for (const name of view.about.colormaps) element("option", this.choice, { textContent: name });
    this.choose(view.about.colormap);
    this.choice.addEventListener("change", () => {
      view.colormap = this.choice.value;
      view.change();
    });
    this.show();
  }

  measure({ limits, range }) {
    this.first = limits;
    this.range = [Math.min(limits[0], range?.[0] ?? limits[0]), Math.max(limits[1], range?.[1] ?? limits[1])];
    if (!this.view.limits) this.limits = [...limits];
  }

  // Use the range of new values; the user's own ends stay.
  renew(about) {
    if (!about.limits) return;
    this.measure(about);
    if (!this.view.colormap) this.choose(about.colormap);
    this.show();
  }

  choose(colormap) {
    const names = [...this.choice.options].map((option) => option.value);
    if (!names.includes(colormap)) element("option", this.choice, { textContent: colormap });
    this.choice.value = colormap;
  }

  title(end) {
    return `${end ? "Highest" : "Lowest"} value of the color scale`;
  }

  field(end) {
    const label = element("label", this.row, { textContent: end ? "to " : "colors from " });
    const input = element("input", label, { type: "number", step: "any", title: this.title(end) });
    input.setAttribute("aria-label", this.title(end));
    const apply = () => {
      if (input.value === this.shown(end)) return;
      const limits = [...this.limits];
      limits[end] = Number(input.value);
      this.set(limits);
    };
    input.addEventListener("change", apply);
    input.takeKey = (event) => {
      if (event.key === "Enter") apply();
    };
    return input;
  }

  shown(end) {
    return String(Number(this.limits[end].toPrecision(7)));
  }

  buildBar() {
    this.bar = element("div", this.row, { className: "dle-bar" });
    this.canvas = element("canvas", this.bar, { width: 255, height: 1 });
    this.canvas.setAttribute("aria-hidden", "true");
    this.sliders = [0, 1].map((end) => {
      const slider = element("span", this.bar, { className: "dle-slider", tabIndex: 0 });
      slider.setAttribute("role", "slider");
      slider.setAttribute("aria-label", this.title(end));
      slider.takeKey = (event) => this.onKey(event, end);
      slider.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        slider.focus();
        slider.setPointerCapture(event.pointerId);
      });
      slider.addEventListener("pointermove", (event) => {
        if (slider.hasPointerCapture(event.pointerId)) this.drag(event, end);
      });
      return slider;
    });
  }

  drag(event, end) {
    const box = this.bar.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    this.move(end, this.range[0] + part * (this.range[1] - this.range[0]));
  }

  onKey(event, end) {
    const step = (this.range[1] - this.range[0]) / (event.shiftKey ? 10 : 100);
    const value = {
      ArrowLeft: this.limits[end] - step,
      ArrowDown: this.limits[end] - step,
      ArrowRight: this.limits[end] + step,
      ArrowUp: this.limits[end] + step,
      Home: this.range[0],
      End: this.range[1],
    }[event.key];
    if (value === undefined) return;
    event.preventDefault();
    this.move(end, Math.min(Math.max(value, this.range[0]), this.range[1]));
  }

  // Move an end, which does not pass the other one.
  move(end, value) {
    const limits = [...this.limits];
    limits[end] = value;
    if (limits[0] < limits[1]) this.set(limits);
  }

  set(limits) {
    this.limits = limits;
    this.view.limits = limits;
    this.show();
    this.view.change();
  }

  reset() {
    this.limits = [...this.first];
    this.view.limits = null;
    this.show();
    this.view.change();
  }

  show() {
    const [low, high] = this.range;
    this.sliders.forEach((slider, end) => {
      const part = (this.limits[end] - low) / (high - low || 1);
      const percent = Math.min(Math.max(part, 0), 1) * 100;
      slider.style.left = `${percent}%`;
      const unit = this.view.about.zunit ? ` ${this.view.about.zunit}` : "";
      // Numbers of ARIA have no exponent, so the value itself is a string.
      slider.setAttribute("aria-valuemin", 0);
      slider.setAttribute("aria-valuemax", 100);
      slider.setAttribute("aria-valuenow", percent.toFixed(2));
      slider.setAttribute("aria-valuetext", `${this.shown(end)}${unit}`);
      this.fields[end].value = this.shown(end);
    });
    this.paint();
  }

  // Draw the bar with the colors that the kernel has sent: one for no value, and 255.
  take(palette) {
    this.palette = palette;
    this.paint();
  }

  paint() {
    if (!this.palette) return;
    const [low, high] = this.range;
    const pixels = new ImageData(255, 1);
    for (let n = 0; n < 255; n += 1) {
      const value = low + (n / 254) * (high - low);
      const part = (value - this.limits[0]) / (this.limits[1] - this.limits[0] || 1);
      const color = 1 + Math.round(Math.min(Math.max(part, 0), 1) * 254);
      pixels.data.set([...this.palette.subarray(3 * color, 3 * color + 3), 255], 4 * n);
    }
    this.canvas.getContext("2d").putImageData(pixels, 0, 0);
  }
}
