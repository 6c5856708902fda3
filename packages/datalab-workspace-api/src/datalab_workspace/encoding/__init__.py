"""Make a Record plain for a carrier, and bring back what that loses."""
