// ---- the menu of the panel, and the form below its rows -------------------------------

class Menu {
  // Open a menu; give the keyboard back when it closes.
  constructor(x, y, entries, onClose) {
    this.onClose = onClose;
    this.el = element("div", document.body, { className: "datalab-browse-menu" });
    this.el.setAttribute("role", "menu");
    this.el.setAttribute("aria-label", "Actions");
    this.el.setAttribute("data-lm-suppress-shortcuts", "true");
    for (const { label, key, action } of entries) {
      const item = element("div", this.el, { tabIndex: -1, className: "dlb-item" });
      item.setAttribute("role", "menuitem");
      element("span", item, { textContent: label });
      if (key) element("kbd", item, { textContent: key });
      item.addEventListener("click", () => {
        this.close();
        action();
      });
    }
    this.items = [...this.el.children];
    const { width, height } = this.el.getBoundingClientRect();
    this.el.style.left = `${Math.max(Math.min(x, innerWidth - width - 4), 4)}px`;
    this.el.style.top = `${Math.max(Math.min(y, innerHeight - height - 4), 4)}px`;
    this.el.addEventListener("keydown", (event) => this.onKey(event));
    this.outside = (event) => {
      if (!this.el.contains(event.target)) this.close();
    };
    document.addEventListener("pointerdown", this.outside, true);
    this.items[0].focus();
  }

  onKey(event) {
    event.stopPropagation();
    event.preventDefault();
    const now = this.items.indexOf(document.activeElement);
    const last = this.items.length - 1;
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: last }[event.key];
    if (next !== undefined) this.items.at(next > last ? 0 : next).focus();
    else if (event.key === "Enter" || event.key === " ") document.activeElement.click();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
  }

  close() {
    document.removeEventListener("pointerdown", this.outside, true);
    if (!this.el.isConnected) return;
    this.onClose(); // before the menu is gone, or the notebook would take the keyboard
    this.el.remove();
  }
}

// A line that asks for one string, or for a confirmation.
class Form {
  constructor(parent) {
    this.el = element("form", parent, { className: "dlb-form", hidden: true });
    this.label = element("label", this.el);
    this.text = element("span", this.label);
    this.input = element("input", this.label, { type: "text" });
    this.choices = element("datalist", this.el, {
      id: `dlb-${Math.random().toString(36).slice(2)}`,
    });
    this.input.setAttribute("list", this.choices.id);
    this.accept = element("button", this.el, { type: "submit" });
    this.cancel = element("button", this.el, { type: "button", textContent: "Cancel" });
    this.el.addEventListener("submit", (event) => {
      event.preventDefault();
      this.close(this.input.value);
    });
    this.cancel.addEventListener("click", () => this.close(null));
    this.el.takeKey = (event) => {
      if (event.key === "Escape") this.close(null);
    };
  }

  // Ask; call a function with the string. Without one, only a confirmation is needed.
  ask({ label, button, choices, value = "", placeholder = "" }, onDone, onEnd) {
    [this.onDone, this.onEnd] = [onDone, onEnd];
    this.text.textContent = label;
    this.accept.textContent = button;
    this.input.hidden = !choices;
    Object.assign(this.input, { value, placeholder, required: Boolean(choices) });
    this.choices.replaceChildren();
    for (const choice of choices ?? []) element("option", this.choices, { value: choice });
    this.el.hidden = false;
    (choices ? this.input : this.accept).focus();
  }

  close(value) {
    this.onEnd();
    this.el.hidden = true;
    if (value !== null) this.onDone(value);
  }
}
