// ---- replace the picture in the page ---------------------------------------------------

export default {
  initialize({ model }) {
    const selector = `.${model.get("mark")}`;
    return replacePictures(model, selector, (picture) => new Panel(model, picture));
  },
  render() {},
};
