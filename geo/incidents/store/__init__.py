"""Tables of incidents and of the units that are sent to them."""
