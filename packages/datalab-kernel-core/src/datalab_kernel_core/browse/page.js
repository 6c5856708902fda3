// ---- replace the table in the page ----------------------------------------------------

export default {
  initialize({ model }) {
    const selector = `.${model.get("mark")}`;
    return replacePictures(model, selector, (table) => new Panel(model, table));
  },
  render() {},
};
