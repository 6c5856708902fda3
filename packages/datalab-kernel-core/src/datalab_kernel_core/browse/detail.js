// ---- the object that the panel shows below its rows -----------------------------------

class Detail {
  constructor(parent, link) {
    this.link = link;
    this.el = element("div", parent, { className: "dlb-detail", hidden: true });
    this.el.setAttribute("role", "group");
    this.uuid = null;
    this.content = null; // of the row that is shown
  }

  // Show the picture and the properties of a row's object, soon.
  show(data) {
    const content = [data.key, data.stamp, data.full, data.shape, data.dtype].join("\n");
    if (content === this.content) return;
    [this.uuid, this.content, this.explored] = [data.key, content, false];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.link.ask("detail", { uuid: this.uuid }), 100);
  }

  explore(uuid) {
    clearTimeout(this.timer);
    [this.uuid, this.content, this.explored] = [uuid, null, true];
    this.link.ask("explore", { uuid });
  }

  // Follow a change of the object that is shown.
  follow(rows) {
    const row = rows.find((one) => one.key === this.uuid);
    if (row && !this.explored) this.show(row);
  }

  // Show why there is no picture: the object may have been removed since it was clicked.
  fail(reason) {
    if (this.explored) return;
    this.el.removeAttribute("aria-label");
    this.el.replaceChildren(reason);
    this.el.hidden = false;
  }

  take(reply, buffers) {
    if (reply.uuid !== this.uuid || this.explored !== (reply.ask === "explore")) return;
    this.el.replaceChildren();
    this.el.hidden = false;
    if (reply.ask === "explore") {
      this.el.setAttribute("aria-label", reply.alternative);
      // The view of `plotter.explore` finds its picture, and takes its place.
      element("img", this.el, { src: pictureUrl(buffers[0]), alt: reply.alternative });
      return;
    }
    this.el.setAttribute("aria-label", reply.name);
    if (reply.picture) {
      const [width, height] = reply.picture;
      const image = element("img", this.el, { src: pictureUrl(buffers[0]), width, height });
      image.alt = `picture of ${reply.name}`;
    }
    const list = element("dl", this.el);
    for (const [name, value] of [["name", reply.name], ...reply.facts]) {
      element("dt", list, { textContent: name });
      element("dd", list, { textContent: value });
    }
  }
}
