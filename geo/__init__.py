"""Places and equipment of a district: areas, cameras, what they see, where nothing sees."""

__version__ = "0.1.0"
