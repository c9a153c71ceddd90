"""Predictions held against replay: the figures of `held_out.py`, which makes APIs, consumers and changes at random."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from tallystick.contract.openapi import Comparison

STRENGTHS = pytest.mark.parametrize("strength", ["B", "C"])


@pytest.fixture(scope="module")
def held_out() -> Any:
    spec = importlib.util.spec_from_file_location("tallystick_held_out", Path(__file__).with_name("held_out.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(held_out: Any) -> Any:
    return held_out.held_out(apis=8, edits=24, seed=20_241)


def test_nine_changes_in_ten_can_be_asked_about(figures: Any) -> None:
    assert figures.changes == 192
    assert figures.claimed / figures.changes > 0.9


@STRENGTHS
def test_no_break_is_missed(figures: Any, strength: str) -> None:
    assert figures.total(strength)["tp"] > 100
    assert [one for one in figures.wrong if one.startswith(f"{strength} missed")] == []


@STRENGTHS
def test_false_alarms_are_rare(figures: Any, strength: str) -> None:
    total = figures.total(strength)

    assert total["fp"] / (total["tp"] + total["fp"]) < 0.02
    assert total["may"] / (total["tp"] + total["may"]) < 0.1


def test_most_kinds_of_changes_break_somebody(figures: Any) -> None:
    """Else the figures above would say little."""
    breaking = {kind for kinds in figures.counts.values() for kind, counted in kinds.items() if counted["tp"]}

    assert len(breaking) > 20


def test_what_a_provider_does_is_allowed_by_the_description_that_it_writes_of_itself(held_out: Any) -> None:
    compared = 0
    for seed in range(30):
        api, chance = held_out.some_api(seed), random.Random(seed)
        comparison = Comparison(api.described())
        for key in range(8):
            contract = held_out.consumer(api, chance, key)
            if not held_out.failing(api, contract):
                errors = [one for one in comparison.compare(contract).errors if not one.code.startswith("message")]
                assert errors == [], (seed, key)
                compared += len(contract.interactions)

    assert compared > 200
