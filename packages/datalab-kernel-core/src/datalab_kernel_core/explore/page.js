// ---- replace the picture in the page -------------------------------------------------

export default {
  initialize({ model }) {
    const views = new WeakMap(); // by picture; a view ends with its picture
    let all = []; // weak references
    const living = () => all.map((reference) => reference.deref()).filter(Boolean);
    const selector = `img[src^="data:image/png;base64,${model.get("picture")}"]`;
    const replacePictures = () => {
      for (const image of document.querySelectorAll(selector)) {
        if (views.has(image)) continue;
        const view = new View(model, image);
        views.set(image, view);
        all = [...living(), view].map((one) => new WeakRef(one));
      }
    };
    const receive = (reply, buffers) => living().forEach((view) => view.receive(reply, buffers));
    const repaint = () => living().forEach((view) => view.draw());
    model.on("msg:custom", receive);
    const pictures = new MutationObserver(replacePictures);
    pictures.observe(document.body, { childList: true, subtree: true });
    const theme = new MutationObserver(repaint);
    theme.observe(document.body, { attributes: true });
    replacePictures();
    return () => {
      pictures.disconnect();
      theme.disconnect();
      model.off("msg:custom", receive);
      living().forEach((view) => view.remove());
    };
  },
  render() {},
};
