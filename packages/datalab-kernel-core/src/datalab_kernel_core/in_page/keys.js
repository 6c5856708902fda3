// ---- keys ----------------------------------------------------------------------------

// Keep the keys that an element uses from JupyterLab, which looks for an attribute
// before it takes a key for a command. Of the keys with Ctrl, the element has those that
// match. Return the function that ends this.
function keepKeys(el, withCtrl) {
  const guard = (event) => {
    if (!el.contains(event.target)) return;
    const isOurs = !(event.ctrlKey || event.metaKey) || withCtrl.test(event.key);
    el.toggleAttribute("data-lm-suppress-shortcuts", isOurs);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}
