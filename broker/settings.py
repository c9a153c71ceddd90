"""What an operator decides: every option of the broker, read from the environment under the incumbent's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, get_type_hints

VERSION_HEADER: Final = "X-Pact-Broker-Version"
PREFIX: Final = "PACT_BROKER_"
TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Names are the incumbent's options in lower case, so that `PACT_BROKER_<NAME>` sets them."""

    database_url: str = "sqlite:///tallystick.sqlite3"
    database_max_connections: int = 16
    base_url: tuple[str, ...] = ()  # several: the one that equals the request's own is used for links

    basic_auth_username: str = ""
    basic_auth_password: str = ""
    basic_auth_read_only_username: str = ""
    basic_auth_read_only_password: str = ""
    allow_public_read: bool = False
    public_heartbeat: bool = False
    enable_public_badge_access: bool = True

    allow_dangerous_contract_modification: bool = False
    check_for_potential_duplicate_pacticipant_names: bool = True
    create_deployed_versions_for_tags: bool = True
    use_first_tag_as_branch: bool = True
    use_first_tag_as_branch_time_limit: int = 10  # seconds
    auto_detect_main_branch: bool = True
    main_branch_candidates: tuple[str, ...] = ("develop", "main", "master")
    features: tuple[str, ...] = ()

    use_hal_browser: bool = True
    enable_diagnostic_endpoints: bool = True
    network_diagram_max_pacticipants: int = 150
    pact_content_diff_timeout: int = 15  # seconds; beyond it the diff is cut, never a 408
    badge_default_cache_setting: str = "max-age=30"
    shields_io_base_url: str = ""  # set it to have badges redirected to that service

    webhook_http_method_whitelist: tuple[str, ...] = ("POST",)
    webhook_scheme_whitelist: tuple[str, ...] = ("https",)
    webhook_host_whitelist: tuple[str, ...] = ()  # empty: any public host, but responses are not shown
    webhook_http_code_success: tuple[str, ...] = ("200", "201", "202", "203", "204", "205", "206")
    webhook_retry_schedule: tuple[str, ...] = ("10", "60", "120", "300", "600", "1200")  # seconds
    webhook_redact_sensitive_data: bool = True
    webhook_certificates_file: str = ""  # PEM file of further authorities
    webhook_timeout_seconds: int = 15
    webhook_first_attempt_seconds: int = 5  # how long after its cause; the next of the same cause 3 later
    disable_ssl_verification: bool = False
    user_agent: str = "Pact Broker v2.120.0"
    secret_key: str = ""  # encrypts webhooks' secrets; several, with spaces, to rotate

    max_body_bytes: int = 64 * 1024 * 1024
    max_page_size: int = 10_000

    @property
    def has_users(self) -> bool:
        """Whether anyone needs to sign in."""
        return bool(self.basic_auth_username.strip() and self.basic_auth_password.strip())

    def feature(self, name: str) -> bool:
        return name in self.features


def from_environment(environ: Mapping[str, str], **chosen: Any) -> Settings:
    """Settings from `PACT_BROKER_…` variables; what is passed by name wins. A value that cannot be read is an error."""
    hints = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for field in fields(Settings):
        name = PREFIX + field.name.upper()
        text = environ.get(name, environ.get(name + "S") if field.name == "base_url" else None)
        if text is None:
            continue
        values[field.name] = _converted(name, text, hints[field.name])
    return Settings(**{**values, **{name: value for name, value in chosen.items() if value is not None}})


def _converted(name: str, text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind is bool:
        return text.strip().lower() in TRUE_WORDS
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{name} must be a whole number, not {text!r}") from None
    return tuple(text.split())
