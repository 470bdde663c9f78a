"""Pure computing of sight: optics, obstacles, viewsheds."""
