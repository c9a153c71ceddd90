"""The demo's second act: the same change without the fright. Asked before it is written, planned, and followed through
until the last consumer has moved."""

from __future__ import annotations

from typing import Final

from tallystick._examples.demo.story import ENVIRONMENT, PROVIDER, CannotShow, Story

EDIT: Final = "rename 'GET /orders/{id} 200 $.total' to '$.total_amount'"
TITLE: Final = "total becomes total_amount"
MOVES: Final = {"web-shop": "4.3.0", "billing": "2.8.0"}
LAST: Final = "billing"


def tell(story: Story) -> None:
    screen = story.screen
    screen.step("The same change, asked before anyone writes it")
    story.show("impact", PROVIDER, "--edit", EDIT, expected_status=1)

    screen.step("A plan: both names for a while, then the consumers move")
    story.show("plan", "create", PROVIDER, "--title", TITLE, "--edit", EDIT, expected_status=0)
    with screen.working(f"{PROVIDER:<15}") as said:
        story.run_quietly(
            "record-deployment", "--pacticipant", PROVIDER, "--version", "1.1.0", "--environment", ENVIRONMENT
        )
        said.append(f"1.1.0, with both names, is live in {ENVIRONMENT}")
    story.show("plan", "can-i-remove", "--provider", PROVIDER, expected_status=1)

    screen.step("The consumers move, one after the other")
    for name, version in MOVES.items():
        _move(story, name, version)
        story.show("plan", "can-i-remove", "--provider", PROVIDER, expected_status=0 if name == LAST else 1)

    screen.step("The gate is open: the old name goes, and the plan keeps what happened")
    story.show("plan", "close", "--provider", PROVIDER, expected_status=0)


def _move(story: Story, name: str, version: str) -> None:
    """The consumer reads the new name: its code and its test change, its tests run, it publishes and goes live."""
    with story.screen.working(f"{name:<15}") as said:
        place = story.folder / name
        changed = 0
        for file in place.rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            moved = text.replace('document["total"]', 'document["total_amount"]').replace(
                '"total": decimal(', '"total_amount": decimal('
            )
            changed += text != moved
            file.write_text(moved, encoding="utf-8")
        if changed != 2:
            raise CannotShow(f"the client of {name} and its test should both have named the old field")
        story.run_tests(place)
        story.run_quietly("publish", str(place / "pacts"), "--consumer-app-version", version, "--branch", "main")
        story.run_quietly(
            "record-deployment", "--pacticipant", name, "--version", version, "--environment", ENVIRONMENT
        )
        said.append(f"{version} reads total_amount, and is live in {ENVIRONMENT}")
