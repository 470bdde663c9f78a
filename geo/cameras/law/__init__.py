"""What Decree 799 asks of the camera register: filing, compliance, completeness."""
