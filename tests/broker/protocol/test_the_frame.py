"""What holds for every endpoint: routing, methods, headers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.mark.row("PB-004")
def test_an_unknown_path_is_a_404_with_the_fixed_sentence(client: httpx.Client) -> None:
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    assert response.json() == {"error": "The requested document was not found on this server."}


def test_every_answer_names_the_version_of_the_api(client: httpx.Client, broker: Any) -> None:
    response = client.get("/nowhere")

    assert response.headers["x-pact-broker-version"] == broker.app.version
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-cache"
