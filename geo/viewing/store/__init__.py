"""Tables of viewing: requests and the register."""
