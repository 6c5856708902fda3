"""The real DataLab, in an environment of its own, as the tests see it.

`environment` makes that environment, `process` runs programs in it, `exchange` carries
what they tell to the tests. `window` and `reader` are those programs, with `serving`
and `observing` beneath them: they import DataLab and run in its environment only.

`application` runs the whole of DataLab with both its servers, `proxy` stands between
these and a client, and `plugins` is what such a DataLab loads.
"""
