"""Settings: the incumbent's names, a file, where each comes from; what is wrong stops the start."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tallystick.broker.settings import BadSetting, Settings, load


def test_names_of_the_incumbent_are_understood():
    loaded = load(
        {
            "PACT_BROKER_ALLOW_PUBLIC_READ": "yes",
            "PACT_BROKER_BASE_URLS": "http://a http://b",
            "PACT_BROKER_WEBHOOK_HTTP_METHOD_WHITELIST": "POST PUT",
            "PACT_BROKER_DATABASE_NAME": "pacts",
            "PACT_BROKER_DATABASE_USERNAME": "me",
            "PACT_BROKER_DATABASE_PASSWORD": "p@ss",
            "PACT_BROKER_DATABASE_HOST": "db",
            "PACT_BROKER_LOG_LEVEL": "debug",
            "PACT_BROKER_TOKEN": "of the client",
        }
    )

    assert loaded.settings.allow_public_read is True
    assert loaded.settings.base_url == ("http://a", "http://b")
    assert loaded.settings.webhook_http_method_whitelist == ("POST", "PUT")
    assert loaded.settings.database_url == "postgresql://me:p%40ss@db/pacts"
    assert loaded.without_meaning == {"PACT_BROKER_LOG_LEVEL": "logging is set by `broker serve --log-level`"}
    assert loaded.sources["allow_public_read"] == "environment PACT_BROKER_ALLOW_PUBLIC_READ"


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path):
    file = tmp_path / "pact_broker.yml"
    file.write_text("allow_public_read: true\npublic_heartbeat: true\nwebhook_host_whitelist: [a.org, b.org]\n")

    loaded = load({"PACT_BROKER_CONF": str(file), "PACT_BROKER_PUBLIC_HEARTBEAT": "false"})

    assert loaded.settings.allow_public_read is True
    assert loaded.settings.public_heartbeat is False
    assert loaded.settings.webhook_host_whitelist == ("a.org", "b.org")
    assert loaded.sources["allow_public_read"] == f"file {file}"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"PACT_BROKER_ALOW_PUBLIC_READ": "1"},
            "PACT_BROKER_ALOW_PUBLIC_READ is no setting of the broker (environment PACT_BROKER_ALOW_PUBLIC_READ); "
            "did you mean PACT_BROKER_ALLOW_PUBLIC_READ?",
        ),
        (
            {"PACT_BROKER_PUBLIC_HEARTBEAT": "maybe"},
            "PACT_BROKER_PUBLIC_HEARTBEAT must be true or false, not 'maybe'",
        ),
        (
            {"PACT_BROKER_MAX_PAGE_SIZE": "many"},
            "PACT_BROKER_MAX_PAGE_SIZE must be a whole number, not 'many'",
        ),
        (
            {"PACT_BROKER_CONF": "/no/such/file"},
            "PACT_BROKER_CONF names /no/such/file, which cannot be read: No such file or directory",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(environ: dict[str, str], sentence: str):
    with pytest.raises(BadSetting) as refused:
        load(environ)

    assert str(refused.value) == sentence


def test_a_bad_setting_stops_the_start(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "tallystick", "broker", "serve", "--port", "0"],
        env={"PACT_BROKER_PUBLIC_HEARTBEAT": "maybe", "PACT_BROKER_SECRET_KEY": "x"},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 4
    assert done.stderr == "Error: PACT_BROKER_PUBLIC_HEARTBEAT must be true or false, not 'maybe'\n"
    assert list(tmp_path.iterdir()) == []


def test_config_shows_what_is_in_force_without_secrets(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "tallystick", "broker", "config"],
        env={
            "PACT_BROKER_BASIC_AUTH_PASSWORD": "planted",
            "PACT_BROKER_DATABASE_URL": "postgresql://me:planted@db/pacts",
        },
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "planted" not in done.stdout
    assert "postgresql://me:***@db/pacts" in done.stdout
    assert "environment PACT_BROKER_BASIC_AUTH_PASSWORD" in done.stdout


def test_every_setting_is_told_in_the_reference_and_nothing_else():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "broker-settings.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert told == {field.name for field in fields(Settings)}
