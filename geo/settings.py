"""What an installation may set, from the environment (``GOVGRID_…``) or by options of a command."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


def default_home() -> Path:
    """Return ``var/`` of the checkout, else ``$XDG_DATA_HOME/govgrid``."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / "var"
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "govgrid"


class Settings(BaseSettings):
    """Settings of one process; a field ``database_url`` is read from ``GOVGRID_DATABASE_URL``."""

    model_config = SettingsConfigDict(env_prefix="GOVGRID_", extra="ignore")

    home: Path = Field(default_factory=default_home)
    database_url: str | None = None
    lang: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    mark: str = "内部资料 注意保管"
    detail_px_per_m: int = 20
    statement_timeout_s: float = Field(default=60.0, gt=0)

    session_idle_min: int = Field(default=30, ge=1, le=24 * 60)
    session_hours: int = Field(default=12, ge=1, le=24 * 7)
    secret_file: Path | None = None

    @property
    def secrets(self) -> Path:
        """The file with the key of the installation: readable by its owner only."""
        return self.secret_file or self.home / "secrets" / "installation.key"
