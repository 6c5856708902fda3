"""The machinery that the launcher and the repairs use to work with xeus-python.

`cells` runs code before and after each cell; `loop` reports the start of the event
loop; `sockets` reads the requests that xeus-python has not noticed; `loopback` sends
requests from the kernel to itself, over `zmtp`, the protocol of ZeroMQ, with
`backpressure` to pause other clients; `outbox` collects printed text, and what
`descriptors` captures of C code and other processes, whose last words `survivor` keeps;
`pulse` calls functions once a second; and `registry` installs the repairs and reports
which are active.
"""
