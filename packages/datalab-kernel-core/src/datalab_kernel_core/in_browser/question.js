// ---- ask before an unsaved page is left ------------------------------------------------

export default {
  initialize({ model }) {
    const ask = (event) => {
      event.preventDefault();
      event.returnValue = true; // for browsers of before 2024
    };
    // A page with such a listener loads more slowly when the user comes back to it.
    const end = () => window.removeEventListener("beforeunload", ask);
    const follow = () => {
      if (model.get("unsaved")) window.addEventListener("beforeunload", ask);
      else end();
    };
    model.on("change:unsaved", follow);
    model.on("comm_live_update", end); // the kernel has ended
    follow();
    return end;
  },
  render() {},
};
