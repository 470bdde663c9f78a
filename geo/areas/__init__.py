"""Areas: grids, communities, townships, districts, and which place lies in which."""
