// ---- replace the picture in the page -------------------------------------------------

export default {
  initialize({ model }) {
    const selector = `img[src^="data:image/png;base64,${model.get("picture")}"]`;
    return replacePictures(model, selector, (image) => new View(model, image));
  },
  render() {},
};
