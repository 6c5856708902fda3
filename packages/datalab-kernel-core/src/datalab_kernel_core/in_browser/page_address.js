// A front end may change the address later, so this reads the one that was opened.
function opened() {
  const [entry] = performance.getEntriesByType("navigation");
  return new URL(entry ? entry.name : location.href).searchParams;
}

function origin(text) {
  try {
    const url = new URL(text);
    const usable = ["http:", "https:"].includes(url.protocol) && !url.username && !url.password;
    return usable ? url : null;
  } catch {
    return null;
  }
}

function say(place, text, code) {
  const line = place.appendChild(document.createElement("p"));
  line.textContent = text;
  if (code) line.appendChild(document.createElement("code")).textContent = code;
}

function draw(place) {
  const named = opened();
  const text = named.get("datalab_url");
  const url = text === null ? null : origin(text);
  if (text !== null && url === null)
    say(place, "The address of this page names a DataLab by something that is not a URL.");
  if (url !== null) {
    const here = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
    const where = here ? "on this computer" : `on another computer, ${url.hostname}`;
    say(
      place,
      `The address of this page names a DataLab ${where}. Nothing has been sent to it. ` +
        `If you trust ${here ? "this page" : "that computer"}, move your objects there by `,
      `workspace.connect("${url.origin}")`,
    );
  }
  if (named.has("datalab_token"))
    say(
      place,
      "The address of this page contains a token of DataLab. It is not used, because " +
        "browsers keep addresses in their history and synchronise them: stop and start the " +
        "Web API in DataLab, which makes a new token, and type that after " +
        (url === null ? "workspace.ask_token(url)." : "the call "),
      url === null ? "" : `workspace.ask_token("${url.origin}")`,
    );
}
