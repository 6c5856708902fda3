"""Write the histories of objects to files and protocols, and read them."""
