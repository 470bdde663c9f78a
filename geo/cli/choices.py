"""Words that options take; anything else is refused with the list of them."""

from typing import Annotated, Literal

import typer

DeviceSet = Literal["all", "skynet", "social", "online"]
Certainty = Literal["certain", "expected", "possible"]
Level = Literal["district", "township", "community", "grid"]

ForceOption = Annotated[bool, typer.Option("--force")]
