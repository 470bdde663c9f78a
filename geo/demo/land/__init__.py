"""Areas, streets, waters and terrain of the synthetic district."""
