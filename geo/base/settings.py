"""What an installation may set, from the environment (``GOVGRID_…``) or by options of a command."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo.base import homes, language
from geo.base.errors import InputError

PREFIX: Final = "GOVGRID_"
# What is wrong with a value, as pydantic calls it, and the sentence for it.
HIDDEN: Final = "…"
SENTENCES: Final = (
    ("int_", "integer"),
    ("float_", "number"),
    ("bool_", "boolean"),
    ("greater_than", "lower"),
    ("less_than", "higher"),
    ("literal_", "choice"),
)


def _whole(path: Path) -> Path:
    """Return a path that means the same wherever the process goes, ``~`` as the shell reads it."""
    return path.expanduser().absolute()


def _whole_or_none(path: Path | None) -> Path | None:
    return None if path is None else _whole(path)


class Settings(BaseSettings):
    """Settings of one process; a field ``database_url`` is read from ``GOVGRID_DATABASE_URL``."""

    model_config = SettingsConfigDict(
        # set to nothing is not set: an empty GOVGRID_HOME would be the folder we stand in
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
    )

    home: Annotated[Path, AfterValidator(_whole)] = Field(default_factory=homes.default_home)
    database_url: str | None = None
    lang: Annotated[
        Literal["zh", "en"], BeforeValidator(lambda word: language.find_language(str(word)) or word)
    ] = Field(default_factory=language.current_language)  # type: ignore[arg-type]
    timezone: str = "Asia/Shanghai"
    mark: str = "内部资料 注意保管"
    notice: str = Field(default="", max_length=200)
    detail_px_per_m: int = 20
    clock: Annotated[Path | None, AfterValidator(_whole_or_none)] = None
    statement_timeout_s: float = Field(default=60.0, gt=0)
    disk_reserve_mb: int = Field(default=100, ge=0)

    bulk_rows: int = Field(default=1000, ge=1)
    export_job_rows: int = Field(default=20_000, ge=0)
    bulk_questions: int = Field(default=300, ge=1)

    session_idle_min: int = Field(default=30, ge=1, le=24 * 60)
    session_hours: int = Field(default=12, ge=1, le=24 * 7)
    secret_file: Path | None = None

    password_min_length: int = Field(default=12, ge=8, le=64)
    password_kinds: int = Field(default=1, ge=1, le=4)
    password_max_days: int = Field(default=0, ge=0)

    reference_minutes: int = Field(default=5, ge=1, le=60)
    skynet_approval: bool = False
    viewing_basis: str = Field(default="", max_length=500)
    viewer_url: str = Field(default="", max_length=1000)
    snapshot_url: str = ""
    snapshot_adapter: Literal["address", "wvp"] = "address"
    snapshot_device: str = Field(default="{code}", max_length=100)
    snapshot_token: SecretStr | None = None
    bulletin_template: Annotated[Path | None, AfterValidator(_whole_or_none)] = None
    statistics_month_day: int = Field(default=1, ge=1, le=28)
    attachment_days: int = Field(default=180, ge=1)
    whistle_level: Literal["grid", "community", "township", "district"] = "township"

    webhook_hosts: str = Field(default="", max_length=2_000)
    open311: bool = False

    undo_days: int = Field(default=90, ge=1)
    event_days: int = Field(default=30, ge=1)
    audit_days: int = Field(default=1_095, ge=180)
    register_days: int = Field(default=1_095, ge=180)

    backup_dir: Annotated[Path | None, AfterValidator(_whole_or_none)] = None
    backup_days: int = Field(default=14, ge=1)
    backup_months: int = Field(default=12, ge=0)
    backup_passphrase_file: Annotated[Path | None, AfterValidator(_whole_or_none)] = None

    oidc_issuer: str = ""
    oidc_label: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    oidc_discovery_file: Path | None = None
    oidc_jwks_file: Path | None = None
    oidc_algorithms: str = "RS256"

    allowed_hosts: str = ""
    trusted_proxies: str = ""
    certificate_header: str = Field(default="", pattern="^[A-Za-z0-9-]{0,64}$")
    rate_per_minute_account: int = Field(default=1200, ge=0)
    rate_per_minute_address: int = Field(default=6000, ge=0)
    rate_per_minute_login: int = Field(default=60, ge=0)
    parallel_per_address: int = Field(default=64, ge=0)
    request_timeout_s: float = Field(default=120.0, gt=0)

    tianditu_key: SecretStr | None = None
    tianditu_address: str = "https://t0.tianditu.gov.cn"

    log_level: Literal["debug", "info", "warning"] | None = None
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None

    @property
    def secrets(self) -> Path:
        """The file with the key of the installation: readable by its owner only."""
        return self.secret_file or self.home / "secrets" / "installation.key"


def read_settings(**given: Any) -> Settings:  # noqa: ANN401 - values of the fields
    """Return the settings of the environment, overridden by what is `given`.

    Raises
    ------
    InputError
        With the first that cannot be used: its name, its value, what is expected.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise _sentence(error.errors()[0]) from error


def _is_secret(place: tuple[Any, ...]) -> bool:
    """Return whether a value of this field must not be repeated."""
    field = Settings.model_fields.get(str(place[0]))
    return field is not None and "SecretStr" in str(field.annotation)


def _sentence(wrong: Any) -> InputError:  # noqa: ANN401 - as pydantic details an error
    key = next((key for sign, key in SENTENCES if wrong["type"].startswith(sign)), "other")
    context = wrong.get("ctx", {})
    return InputError(
        f"settings.{key}",
        name=PREFIX + "_".join(str(part) for part in wrong["loc"]).upper(),
        found=HIDDEN if _is_secret(wrong["loc"]) else wrong["input"],
        reason=wrong["msg"],
        limit=next((context[side] for side in ("ge", "gt", "le", "lt") if side in context), ""),
        known=str(context.get("expected", "")).replace("'", ""),
    )
