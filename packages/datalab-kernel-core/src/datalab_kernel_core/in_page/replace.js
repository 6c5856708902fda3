// ---- replace a picture in the page ---------------------------------------------------

// Put a view in the place of each element that matches, also of those that come later,
// as after "Create New View for Output". Return the function that ends all views.
function replacePictures(model, selector, make) {
  const views = new WeakMap(); // by element; a view ends with its element
  let all = []; // weak references
  const living = () => all.map((reference) => reference.deref()).filter(Boolean);
  const look = () => {
    for (const picture of document.querySelectorAll(selector)) {
      if (views.has(picture)) continue;
      const view = make(picture);
      views.set(picture, view);
      all = [...living(), view].map((one) => new WeakRef(one));
    }
  };
  const receive = (reply, buffers) => living().forEach((view) => view.receive(reply, buffers));
  const repaint = () => living().forEach((view) => view.draw());
  model.on("msg:custom", receive);
  const pictures = new MutationObserver(look);
  pictures.observe(document.body, { childList: true, subtree: true });
  const theme = new MutationObserver(repaint);
  theme.observe(document.body, { attributes: true });
  look();
  return () => {
    pictures.disconnect();
    theme.disconnect();
    model.off("msg:custom", receive);
    living().forEach((view) => view.remove());
  };
}
