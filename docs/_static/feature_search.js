/* Show the features of DataLab that the words on the search page mean, above the pages.
   FEATURES_BY_WORD has the answers of `workspace.features`, by word. */
(() => {
  "use strict";
  const ENDINGS = ["ing", "es", "ed", "s", "e"];
  const SHORTEST = 3;
  const { features, words, page } = FEATURES_BY_WORD;

  /* The positions of the features that a word finds, the best first. */
  function found(word) {
    const stems = ENDINGS.filter((ending) => word.endsWith(ending))
      .map((ending) => word.slice(0, -ending.length))
      .filter((stem) => stem.length >= SHORTEST);
    for (const one of [word, ...stems.flatMap((stem) => [stem, `${stem}e`])]) {
      if (Object.hasOwn(words, one)) return words[one];
    }
    if (word.length < SHORTEST) return [];
    const longer = Object.keys(words).filter((one) => one.startsWith(word));
    return [...new Set(longer.flatMap((one) => words[one]))];
  }

  /* The features that all words find, or else those that one of them finds. */
  function ranked(query) {
    const parts = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    const phrase = words[parts.join("-")] ?? [];
    const each = parts.map(found);
    const any = [...new Set(each.flat())];
    const all = any.filter((one) => each.every((list) => list.includes(one)));
    return [...new Set([...phrase, ...(all.length || phrase.length ? all : any)])];
  }

  function element(tag, text, ...children) {
    const made = document.createElement(tag);
    made.textContent = text;
    made.append(...children);
    return made;
  }

  function entry({ name, menu, does, at }) {
    const titles = menu.split(" > ");
    const link = element("a", titles.pop() || does);
    link.href = `${document.documentElement.dataset.content_root ?? ""}${page}#${at}`;
    const where = [titles.join(" > "), does].filter(Boolean).join(": ");
    const line = element("div", "", link, " ", element("code", `calc.${name}`));
    return element("li", "", line, element("p", where));
  }

  function show() {
    const query = new URLSearchParams(window.location.search).get("q") ?? "";
    const shown = ranked(query).slice(0, 8);
    if (!shown.length) return;
    const title = element("h2", "Features");
    title.id = "feature-results-title";
    const list = element("ul", "", ...shown.map((one) => entry(features[one])));
    const section = element("section", "", title, list);
    section.id = "feature-results";
    section.setAttribute("aria-labelledby", title.id);
    document.getElementById("search-results").before(section);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", show);
  } else {
    show();
  }
})();
