// ---- a plot with two axes ------------------------------------------------------------

const MARGIN = { left: 74, right: 14, top: 24, bottom: 42 };

// The base of a view and of a profile. They have `plot`, the frame of the data in pixels
// of the canvas, and the lowest and highest positions `x` and `y` of the axes.
class PlotArea {
  // Return [a, b], so that a value `middle + half * n` is at the pixel `a + b * n`.
  affine(axis, middle, half) {
    const [low, high] = this[axis];
    const { left, top, width, height } = this.plot;
    const upwards = axis === "y" && !this.isImage;
    const [start, length] = axis === "x" ? [left, width] : [top, height];
    const scale = (upwards ? -length : length) / (high - low);
    return [start + (upwards ? length : 0) + (middle - low) * scale, half * scale];
  }

  pixel(axis, value) {
    return this.affine(axis, value, 0)[0];
  }

  at(axis, pixel) {
    const [low, high] = this[axis];
    const start = this.pixel(axis, low);
    const end = this.pixel(axis, high);
    return low + ((pixel - start) / (end - start)) * (high - low);
  }

  // Give the canvas a size in pixels of the page.
  size(width, height) {
    [this.width, this.height] = [width, height];
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.canvas.style.height = `${height}px`;
    this.canvas.style.width = `${width}px`;
    const inner = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
    this.plot = { left: MARGIN.left, top: MARGIN.top, width: inner[0], height: inner[1] };
  }
}

// Return the ends of an axis that shows a range with a margin.
function widened([low, high]) {
  const margin = (high - low) * 0.05 || Math.abs(low) * 1e-3 || 0.5;
  return [low - margin, high + margin];
}
