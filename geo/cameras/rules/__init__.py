"""Pure rules of the camera register."""
