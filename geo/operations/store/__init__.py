"""What operations read of all rooms."""
