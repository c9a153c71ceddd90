"""What an operator decides: every option of the broker, read from the environment under the incumbent's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_type_hints
from urllib.parse import quote

VERSION_HEADER: Final = "X-Pact-Broker-Version"
PREFIX: Final = "PACT_BROKER_"
TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "0", "off", ""})
SECRETS: Final = frozenset(
    {
        "basic_auth_password",
        "basic_auth_read_only_password",
        "initial_admin_password",
        "oidc_client_secret",
        "secret_key",
    }
)


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
    initial_admin_username: str = ""  # an account made at the start of a broker that has none
    initial_admin_password: str = ""
    oidc_issuer: str = ""  # people sign in there; needs the extra `oidc`
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_roles: tuple[str, ...] = ("read",)  # of those who have no account yet
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings in force, where each came from, and what was named and has no meaning here."""

    settings: Settings
    sources: Mapping[str, str]
    """Field -> "default", "environment NAME", "file PATH" or "command line"."""
    without_meaning: Mapping[str, str]
    """Name -> why it does nothing."""


# Names of the incumbent that an operator may have set, and that do nothing here.
_NO_MEANING: Final = {
    "logging is set by `broker serve --log-level`": """
        log_level log_format log_stream log_dir log_configuration_on_startup http_debug_logging_enabled
        warning_error_class_names log_otel_enabled sql_log_level sql_log_warn_duration sql_enable_caller_logging""",
    "it concerns the incumbent's web server": """
        use_rack_protection rack_protection_use rack_protection_except puma_persistent_timeout""",
    "the broker always migrates its database, under a lock": """
        auto_migrate_db auto_migrate_db_data allow_missing_migration_files validate_database_connection_config
        database_connection_validation_timeout database_statement_timeout metrics_sql_statement_timeout
        database_pool_timeout database_connect_max_retries""",
    "the incumbent's default is what this broker always does": """
        order_versions_by_date semver_formats use_case_sensitive_resource_names
        base_equality_only_on_content_that_affects_verification_results""",
    "there is no such thing here": """
        seed_example_data hide_pactflow_messages badge_provider_mode basic_auth_enabled webhook_certificates
        database_clean_enabled database_clean_cron_schedule database_clean_deletion_limit database_clean_dry_run
        database_clean_overwritten_data_max_age database_clean_keep_version_selectors dynamic_wip_window
        max_wip_lookback_days min_wip_window_days default_wip_window_days verified_by_other_branch_lookback_days""",
}
# Names of the incumbent that an operator may have set, and that do nothing here.
WITHOUT_MEANING: Final[Mapping[str, str]] = {name: why for why, names in _NO_MEANING.items() for name in names.split()}
# The clients' own variables, which a shell that runs both may hold.
OF_CLIENTS: Final = frozenset({"username", "password", "token", "publish_verification_results", "host", "port"})


class BadSetting(ValueError):
    """A setting that cannot be read, or that nobody knows: names it, where it stands, and the fix."""


def from_environment(environ: Mapping[str, str], **chosen: Any) -> Settings:
    """The settings in force; what is passed by name wins. Raises `BadSetting`."""
    return load(environ, **chosen).settings


def load(environ: Mapping[str, str], **chosen: Any) -> Loaded:
    """Settings by rising precedence: defaults, the file that PACT_BROKER_CONF names, the environment, `chosen`.

    Every bad or unknown setting is complained of at once, in one `BadSetting`.
    """
    hints = get_type_hints(Settings)
    values: dict[str, Any] = {}
    sources = dict.fromkeys(hints, "default")
    ignored: dict[str, str] = {}
    wrong: list[str] = []

    def take(name: str, shown: str, value: Any, source: str) -> None:
        name = "base_url" if name == "base_urls" else name
        if name in hints:
            try:
                values[name] = _converted(shown, value, hints[name])
                sources[name] = source
            except ValueError as error:
                wrong.append(str(error))
        elif name in WITHOUT_MEANING:
            ignored[shown] = WITHOUT_MEANING[name]
        elif name not in OF_CLIENTS:
            near = get_close_matches(name, [*hints, *WITHOUT_MEANING], 1)
            hint = f"; did you mean {shown[: len(shown) - len(name)]}{_cased(near[0], shown)}?" if near else ""
            wrong.append(f"{shown} is no setting of the broker ({source}){hint}")

    file = environ.get(PREFIX + "CONF")
    for name, value in _file(file).items() if file else ():
        take(str(name).lower(), str(name), value, f"file {file}")
    database = _database_url(environ)
    if database:
        values["database_url"], sources["database_url"] = database, "environment PACT_BROKER_DATABASE_…"
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name == "conf" or name in _DATABASE_PARTS or "__" in name:
            continue
        take(name, variable, environ[variable], f"environment {variable}")
    for name, value in chosen.items():
        if value is not None:
            values[name], sources[name] = value, "command line"
    if wrong:
        raise BadSetting("; ".join(wrong))
    return Loaded(Settings(**values), sources, ignored)


def _cased(name: str, like: str) -> str:
    return name.upper() if like.isupper() else name


def _file(path: str) -> Mapping[str, Any]:
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
    except OSError as error:
        raise BadSetting(f"PACT_BROKER_CONF names {path}, which cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise BadSetting(f"{path} is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, Mapping | None):
        raise BadSetting(f"{path} must hold names and values, such as `allow_public_read: true`")
    return document or {}


_DATABASE_PARTS: Final = frozenset(
    {"database_adapter", "database_host", "database_port", "database_name", "database_username", "database_password",
     "database_sslmode", "database_url_environment_variable_name", "port_environment_variable_name"}
)  # fmt: skip


def _database_url(environ: Mapping[str, str]) -> str | None:
    """The URL that the incumbent's separate variables stand for, or the variable that another one names."""
    named = environ.get(PREFIX + "DATABASE_URL_ENVIRONMENT_VARIABLE_NAME")
    if named and environ.get(named):
        return environ[named]
    part = {name: environ.get(PREFIX + name.upper(), "") for name in _DATABASE_PARTS}
    if not part["database_name"]:
        return None
    if part["database_adapter"] in ("sqlite", "sqlite3"):
        return f"sqlite:///{part['database_name']}"
    user = quote(part["database_username"], safe="")
    if part["database_password"]:
        user += ":" + quote(part["database_password"], safe="")
    host = part["database_host"] or "localhost"
    port = f":{part['database_port']}" if part["database_port"] else ""
    mode = f"?sslmode={part['database_sslmode']}" if part["database_sslmode"] else ""
    return f"postgresql://{user}{'@' if user else ''}{host}{port}/{part['database_name']}{mode}"


def _converted(name: str, value: Any, kind: Any) -> Any:
    if kind is str:
        return str(value)
    if kind is bool:
        word = str(value).strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError(f"{name} must be true or false, not {value!r}")
        return word in TRUE_WORDS
    if kind is int:
        try:
            return int(str(value))
        except ValueError:
            raise ValueError(f"{name} must be a whole number, not {value!r}") from None
    return tuple(str(each) for each in value) if isinstance(value, list) else tuple(str(value).split())
