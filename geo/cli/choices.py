"""Words that options take; anything else is refused with the list of them."""

from typing import Literal

DeviceSet = Literal["all", "skynet", "social", "online"]
Certainty = Literal["certain", "expected", "possible"]
Level = Literal["district", "township", "community", "grid"]
