"""Pure computing of figures: seen ground, gaps, criteria."""
