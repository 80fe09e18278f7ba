"""Settings from the environment (`GROWTH_…`) and a `.env` file; the docs' table is made from this class."""

from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that can be set from outside, each with its meaning."""

    model_config = SettingsConfigDict(
        env_prefix="GROWTH_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(Path("var"), description="Folder for the embedded database, keys, imports and logs.")
    database_url: str | None = Field(
        None, description="Your own PostgreSQL (15 or newer) instead of the embedded one, as `postgresql://…`."
    )
    secret_key: SecretStr | None = Field(
        None, description="Root key, at least 32 characters. Without it one is made in `<home>/secret.key`. Back it up."
    )
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8000, description="Port the web process listens on.", ge=0, le=65535)
    trusted_proxies: str = Field(
        "127.0.0.1,::1", description="Addresses or networks of proxies in front whose `X-Forwarded-For` is believed."
    )
    country_header: str | None = Field(
        None,
        description="Header in which the proxy in front names a visitor's country, such as `CF-IPCountry`. Believed "
        "only of `trusted_proxies`.",
    )
    base_url: str | None = Field(
        None, description="Public address of this service, used in links people receive. Defaults to host and port."
    )
    cookie_secure: bool | None = Field(
        None, description="Send cookies over TLS only. Defaults to whether `base_url` starts with https."
    )
    sendgrid_api_key: SecretStr | None = Field(None, description="SendGrid API key with the mail.send permission.")
    sendgrid_url: str = Field("https://api.sendgrid.com", description="Where SendGrid's v3 API is reached.")
    sendgrid_webhook_key: str | None = Field(
        None, description="Public key of SendGrid's signed event webhook (base64, as their settings page shows it)."
    )
    collector_key: SecretStr | None = Field(
        None, description="Key by which your servers may send orders to `/e`. Without it `growth events key` has one."
    )
    sendgrid_timeout_seconds: float = Field(
        30.0, description="How long SendGrid may take to answer before a batch counts as in doubt.", gt=0
    )
    sendgrid_recipients: int = Field(
        1_000, description="How many recipients one request to SendGrid has at most.", ge=1, le=1_000
    )
    doubt_seconds: float = Field(
        900.0,
        description="How long a batch in doubt waits for a trace at SendGrid before it is sent again. At least twice "
        "the time-out above counts.",
        gt=0,
    )
    late_seconds: float = Field(
        3600.0, description="A campaign found later than this after its time isn't sent but asks what to do.", gt=0
    )
    shop_url: str = Field(
        "https://shop.example", description="Address of the marketplace's own site, where buttons in messages lead."
    )
    disposable_domains: str = Field(
        "", description="Domains of throw-away addresses, besides the known ones, with commas between them."
    )
    sandbox_port: int = Field(8025, description="Port of the pretend providers in the demo.", ge=0, le=65535)
    worker_threads: int = Field(3, description="Tasks one worker process does at the same time.", ge=1, le=64)
    heartbeat_seconds: float = Field(
        2.0, description="How often a worker says it is alive; one silent for five times as long is replaced.", gt=0
    )
    max_request_bytes: int = Field(2_000_000, description="Largest request body, except for file imports.", ge=10_000)
    max_import_bytes: int = Field(500_000_000, description="Largest file accepted by an import page.", ge=10_000)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )

    @field_validator("base_url", "sendgrid_url", "shop_url")
    @classmethod
    def _leads_somewhere(cls, url: str | None) -> str | None:
        try:
            parts = urlsplit(url or "http://unset")
            if parts.scheme in {"http", "https"} and parts.hostname:
                return url
        except ValueError:
            pass
        raise PydanticCustomError("address", "it has to begin with https:// or http:// and name a host")

    @property
    def public_url(self) -> str:
        """Where people reach this service, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies travel over TLS only."""
        return self.public_url.startswith("https:") if self.cookie_secure is None else self.cookie_secure


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
