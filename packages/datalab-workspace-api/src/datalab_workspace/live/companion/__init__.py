"""The backend of a DataLab with a companion: one endpoint for every part of an object.

`docs/protocol.md` specifies the protocol. `client` sends requests, `state` keeps the
state of the window as it is known, `writes` collects the writes of a transaction, and
`backend` puts them together. `watcher` waits for changes, and `window` asks DataLab's
user.
"""
