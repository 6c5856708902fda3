// ---- keys ----------------------------------------------------------------------------

// Give the keys that are pressed within an element to it, before the front end runs a
// command for them. The method `takeKey` of the innermost element that has one receives
// them. Keys with Ctrl are taken only if they match, and elements can be left out.
// Return the function that ends this.
function takeKeys(el, withCtrl, isLeftOut = () => false) {
  const guard = (event) => {
    const { target } = event;
    if (!el.contains(target) || isLeftOut(target)) return;
    if ((event.ctrlKey || event.metaKey) && !withCtrl.test(event.key)) return;
    event.stopPropagation();
    for (let inner = target; inner !== el; inner = inner.parentElement) {
      if (inner.takeKey) {
        inner.takeKey(event);
        return;
      }
    }
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}
