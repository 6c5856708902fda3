"""Processing by name: sigima's functions, carried out and noted as DataLab does.

`features` finds them, `parameters` makes and checks what they are given, `titles` and
`alignment` do what DataLab does around them, `calculation` carries them out,
`results` says what is to be kept of that, and `calculator` gives a workspace its
`calc` and `select`.
"""
