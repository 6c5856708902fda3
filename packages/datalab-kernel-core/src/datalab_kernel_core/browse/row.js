// ---- the rows of the panel ----------------------------------------------------------

const ROW = 34; // pixels, as in the style sheet

function pictureUrl(buffer) {
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}

// The element of one row. Strings from objects only ever become text, never markup.
class Row {
  constructor(parent) {
    this.el = element("div", parent, { className: "dlb-row", tabIndex: -1 });
    this.el.setAttribute("role", "treeitem");
    this.el.row = this;
    this.shown = "";
  }

  // Show the content of a row, unless it is shown already or its name is being edited.
  update(index, data, picture) {
    this.index = index;
    this.el.style.top = `${index * ROW}px`;
    const content = JSON.stringify([data, picture?.url]);
    if (content === this.shown || this.editor) return false;
    const isNew = this.shown === "";
    [this.shown, this.data] = [content, data];
    this.describe(data);
    const parts = data.level === 1 ? this.group(data) : this.object(data, picture);
    this.el.replaceChildren(...parts);
    return !isNew;
  }

  describe(data) {
    const set = (name, value) => this.el.setAttribute(name, value);
    set("aria-level", data.level);
    set("aria-posinset", data.place[0]);
    set("aria-setsize", data.place[1]);
    this.el.dataset.key = data.key;
    if (data.level === 1) {
      set("aria-expanded", data.open);
      set("aria-label", `${this.title(data)}, ${data.count} objects`);
    } else {
      const about = [data.name, data.id, data.kind, data.shape, data.dtype];
      if (data.selected) about.push("selected");
      set("aria-label", about.filter(Boolean).join(", "));
    }
  }

  title(data) {
    return data.name || (data.kind === "image" ? "images" : "signals");
  }

  part(name, text, title) {
    const made = document.createElement("span");
    made.className = `dlb-${name}`;
    made.textContent = text;
    if (title) made.title = title;
    return made;
  }

  group(data) {
    this.el.classList.add("dlb-group");
    const kind = data.name ? ` ${data.kind}s` : "";
    return [
      this.part("arrow", data.open ? "▾" : "▸"),
      this.part("name", this.title(data), data.full),
      this.part("about", `${data.count}${kind}`),
    ];
  }

  object(data, picture) {
    const frame = this.part("picture", "");
    if (picture?.url) {
      const [width, height] = picture.size;
      const image = element("img", frame, { src: picture.url, width, height });
      image.alt = "";
    }
    const mark = this.part("mark", data.selected ? "●" : "", data.selected ? "selected" : "");
    return [
      frame,
      mark,
      this.part("name", data.name, data.full),
      this.part("about dlb-wide", data.dtype ?? ""),
      this.part("about dlb-shape", data.shape ?? ""),
      this.part("about dlb-wide", data.size ?? ""),
      this.part("id", data.id),
    ];
  }

  // Let the user edit the name; call a function with the new one.
  edit(onName, onEnd) {
    const name = this.el.querySelector(".dlb-name");
    const input = document.createElement("input");
    Object.assign(input, { value: this.data.full, className: "dlb-editor" });
    input.setAttribute("aria-label", "New name");
    this.editor = input;
    name.replaceWith(input);
    input.focus();
    input.select();
    const end = (accept, isLeft = false) => {
      if (!this.editor) return;
      this.editor = null;
      // Before the field is gone, or the notebook would take the keyboard.
      if (!isLeft) this.el.focus({ preventScroll: true });
      this.shown = " "; // the next update shows the name again
      if (accept && input.value !== this.data.full) onName(input.value);
      onEnd();
    };
    input.takeKey = (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    };
    input.addEventListener("blur", () => end(false, true));
    for (const kind of ["pointerdown", "click", "dblclick"]) {
      input.addEventListener(kind, (event) => event.stopPropagation());
    }
  }
}
