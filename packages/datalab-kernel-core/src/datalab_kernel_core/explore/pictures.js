// ---- pictures of the data ------------------------------------------------------------

const copied = (view) =>
  view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

class Curve {
  constructor(reply, buffers) {
    this.reply = reply;
    const Numbers = reply.exact ? Float64Array : Float32Array;
    [this.x, this.y] = buffers.map((buffer) => new Numbers(copied(buffer)));
  }

  // Return a curve whose points are where they are drawn.
  static of(x, y) {
    const curve = Object.create(Curve.prototype);
    return Object.assign(curve, { x, y, reply: { middle: [0, 0], half: [1, 1] } });
  }

  // Return the point whose x is nearest, null without one.
  nearest(x) {
    const { middle, half } = this.reply;
    let best = null;
    for (let i = 0; i < this.x.length; i += 1) {
      const point = [middle[0] + half[0] * this.x[i], middle[1] + half[1] * this.y[i]];
      const isNearer = !best || Math.abs(point[0] - x) < Math.abs(best[0] - x);
      if (isNearer && !Number.isNaN(point[1])) best = point;
    }
    return best;
  }

  draw(context, view, color) {
    const { middle, half } = this.reply;
    const [ax, bx] = view.affine("x", middle[0], half[0]);
    const [ay, by] = view.affine("y", middle[1], half[1]);
    context.beginPath();
    let drawing = false;
    for (let i = 0; i < this.x.length; i += 1) {
      const x = ax + bx * this.x[i];
      const y = Math.min(Math.max(ay + by * this.y[i], -1e5), 1e5);
      if (Number.isNaN(x) || Number.isNaN(y)) drawing = false;
      else if (drawing) context.lineTo(x, y);
      else {
        context.moveTo(x, y);
        context.lineTo(x, y);
        drawing = true;
      }
    }
    context.strokeStyle = color;
    context.lineWidth = 1.2;
    context.lineCap = "round";
    context.stroke();
    if (this.x.length > view.plot.width / 6) return;
    context.fillStyle = color;
    for (let i = 0; i < this.x.length; i += 1) {
      context.beginPath();
      context.arc(ax + bx * this.x[i], ay + by * this.y[i], 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

class Pixels {
  static async of(reply, buffers) {
    const [height, width] = reply.shape;
    const picture = new Pixels();
    picture.reply = reply;
    if (!height || !width) return picture;
    const stream = new Blob([copied(buffers[0])])
      .stream()
      .pipeThrough(new DecompressionStream("deflate"));
    const indices = (picture.indices = new Uint8Array(await new Response(stream).arrayBuffer()));
    const palette = (picture.palette = new Uint8Array(copied(buffers[1])));
    const colors = new Uint32Array(256);
    const bytes = new Uint8Array(colors.buffer);
    for (let n = 0; n < 256; n += 1) bytes.set([...palette.subarray(3 * n, 3 * n + 3), 255], 4 * n);
    const pixels = Uint32Array.from(indices, (index) => colors[index]);
    picture.canvas = document.createElement("canvas");
    picture.canvas.width = width;
    picture.canvas.height = height;
    const data = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
    picture.canvas.getContext("2d").putImageData(data, 0, 0);
    return picture;
  }

  draw(context, view) {
    if (!this.canvas) return;
    const [left, right, top, bottom] = this.reply.extent;
    const [x0, x1] = [view.pixel("x", left), view.pixel("x", right)];
    const [y0, y1] = [view.pixel("y", top), view.pixel("y", bottom)];
    const smaller = [
      (x1 - x0) * view.ratio < this.canvas.width,
      (y1 - y0) * view.ratio < this.canvas.height,
    ];
    let picture = this.canvas;
    if (smaller[0] !== smaller[1]) {
      // Smooth along the axis on which pixels are small, and only along that one.
      picture = document.createElement("canvas");
      const side = (isSmaller, pixels, own) =>
        isSmaller ? Math.max(Math.round(pixels * view.ratio), 1) : own;
      picture.width = side(smaller[0], x1 - x0, this.canvas.width);
      picture.height = side(smaller[1], y1 - y0, this.canvas.height);
      picture.getContext("2d").drawImage(this.canvas, 0, 0, picture.width, picture.height);
    }
    context.imageSmoothingEnabled = smaller[0] && smaller[1];
    context.drawImage(picture, x0, y0, x1 - x0, y1 - y0);
  }
}
