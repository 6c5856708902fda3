// ---- paint a view --------------------------------------------------------------------

function paint(view) {
  const style = getComputedStyle(view.el);
  const [dim, grid] = ["--dim", "--grid"].map((name) => style.getPropertyValue(name).trim());
  const { left, top, width, height } = view.plot;
  const context = view.canvas.getContext("2d");
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  context.font = `11px ${style.fontFamily}`;
  paintTicks(view, context, dim, grid);
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  const log = view.picture?.reply.log;
  if (!log || String(log) === String(view.log)) view.picture?.draw(context, view, "#378add");
  paintMark(view, context, style.color);
  context.restore();
  context.strokeStyle = dim;
  context.lineWidth = 1;
  context.strokeRect(left, top, width, height);
  paintLabels(view, context, style.color);
}

function paintTicks(view, context, dim, grid) {
  const { left, top, width, height } = view.plot;
  view.offsets = {};
  ["x", "y"].forEach((axis, number) => {
    const [ticks, offset] = ticksOf(view, axis, number);
    view.offsets[axis] = offset;
    context.strokeStyle = grid;
    context.fillStyle = dim;
    context.lineWidth = 0.5;
    context.textAlign = axis === "x" ? "center" : "right";
    context.textBaseline = axis === "x" ? "top" : "middle";
    for (const [value, text] of ticks) {
      const pixel = view.pixel(axis, value);
      context.beginPath();
      context.moveTo(axis === "x" ? pixel : left - 4, axis === "x" ? top : pixel);
      context.lineTo(axis === "x" ? pixel : left + width, axis === "x" ? top + height + 4 : pixel);
      context.stroke();
      if (axis === "x") context.fillText(text, pixel, top + height + 6);
      else context.fillText(text, left - 7, pixel);
    }
  });
}

function ticksOf(view, axis, number) {
  const [low, high] = view[axis];
  const count = axis === "x" ? Math.max(view.plot.width / 100, 2) : Math.max(view.plot.height / 45, 4.5);
  if (!view.isImage) {
    const isDate = number === 0 && view.about.dates && !view.log[0];
    const places = view.log[number] ? logTicks : isDate ? dateTicks : linearTicks;
    const { ticks, offset } = places(low, high, count);
    return [ticks, offset];
  }
  // Pixel n covers the range from n to n + 1; its coordinate is that of its center.
  const [start, step] = view.about.axes[number];
  const ends = [low, high].map((position) => start + (position - 0.5) * step);
  const { ticks, offset } = linearTicks(Math.min(...ends), Math.max(...ends), count);
  return [ticks.map(([value, text]) => [(value - start) / step + 0.5, text]), offset];
}

function paintLabels(view, context, color) {
  const { left, top, width, height } = view.plot;
  const label = (axis) => {
    const offset = view.offsets[axis];
    const isText = typeof offset === "string";
    const more = isText ? offset : offset ? `${offset < 0 ? "−" : "+"} ${Math.abs(offset)}` : "";
    return [view.about[`${axis}label`], more].filter(Boolean).join("  ");
  };
  context.fillStyle = color;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const zlabel = view.about.zlabel ? `  –  ${view.about.zlabel}` : "";
  context.fillText(view.about.title + zlabel, left + width / 2, top - 9);
  context.fillText(label("x"), left + width / 2, top + height + 35);
  context.save();
  context.translate(13, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(label("y"), 0, 0);
  context.restore();
}

function paintMark(view, context, color) {
  context.strokeStyle = color;
  context.fillStyle = color;
  if (view.mark && !view.isImage) {
    context.beginPath();
    context.arc(view.pixel("x", view.mark[0]), view.pixel("y", view.mark[1]), 4, 0, 7);
    context.stroke();
  }
  if (view.rectangle) {
    const [x, y, toX, toY] = view.rectangle;
    context.setLineDash([4, 3]);
    context.strokeRect(x, y, toX - x, toY - y);
    context.setLineDash([]);
  }
}
