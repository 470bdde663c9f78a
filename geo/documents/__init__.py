"""Papers and pages that need layers and drawing."""
