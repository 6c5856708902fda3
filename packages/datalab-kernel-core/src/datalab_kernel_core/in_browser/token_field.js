// Nothing is drawn until the kernel answers: the notebook may be open without it.
function draw(place, name) {
  const channel = new BroadcastChannel(name);
  const label = document.createElement("label");
  const field = document.createElement("input");
  const note = document.createElement("span");
  Object.assign(field, { type: "password", autocomplete: "off", spellcheck: false });
  Object.assign(field.style, { width: "28em", margin: "0 0.5em" });

  const send = () => {
    channel.postMessage(`token:${field.value}`);
    field.value = "";
  };
  // Before the front end runs a command for the key.
  const guard = (event) => {
    if (event.target !== field) return;
    event.stopPropagation();
    if (event.type === "keydown" && event.key === "Enter") send();
  };
  const events = ["keydown", "keypress", "keyup", "beforeinput", "input", "paste"];
  const listen = (how) => events.forEach((type) => window[how](type, guard, true));

  channel.onmessage = (event) => {
    if (event.data === "ready" || event.data.startsWith("token:")) return; // another view
    const { state, text, code } = JSON.parse(event.data);
    if (state === "ask") {
      label.textContent = text;
      label.append(field);
      place.replaceChildren(label, note);
      listen("addEventListener");
      field.focus();
    } else if (state === "refused") {
      note.textContent = text;
      field.focus();
    } else {
      listen("removeEventListener");
      place.textContent = text;
      if (code) place.appendChild(document.createElement("code")).textContent = code;
      channel.close();
    }
  };
  channel.postMessage("ready");
}
