"""Write the history of an object as a script, a notebook, an RO-Crate or text."""
