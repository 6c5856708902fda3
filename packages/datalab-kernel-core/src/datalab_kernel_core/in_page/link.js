// ---- requests to the kernel ----------------------------------------------------------

const PATIENCE = 3000; // milliseconds until the page reports that the kernel is busy

// Only one request of each kind waits for its reply. The last of the requests that are
// made in the meantime is sent next.
class Link {
  constructor(model, onBusy) {
    this.model = model;
    this.onBusy = onBusy;
    this.id = Math.random().toString(36).slice(2);
    this.number = 0;
    this.waiting = {};
    this.next = {};
  }

  ask(kind, request) {
    if (this.waiting[kind]) {
      this.next[kind] = request;
      return;
    }
    this.waiting[kind] = setTimeout(this.onBusy, PATIENCE);
    this.number += 1;
    this.model.send({ ...request, ask: kind, view: this.id, number: this.number });
  }

  answered(kind) {
    clearTimeout(this.waiting[kind]);
    delete this.waiting[kind];
    const request = this.next[kind];
    delete this.next[kind];
    if (request) this.ask(kind, request);
  }
}

// ---- elements ------------------------------------------------------------------------

function element(name, parent, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  parent.append(made);
  return made;
}
