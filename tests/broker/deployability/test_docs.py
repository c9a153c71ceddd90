"""The pages on verdicts say what is so: every kind, every member, every symbol."""

import pydoc
import re
from pathlib import Path
from typing import get_args

from tallystick.broker.deployability.decision import CauseKind, Word
from tallystick.broker.verifications.past import Kind

ROOT = Path(__file__).parents[3]
VERDICTS = (ROOT / "docs" / "reference" / "verdicts.md").read_text()
LIFE = (ROOT / "docs" / "explanation" / "life-of-a-can-i-deploy.md").read_text()


def test_every_kind_of_cause_is_explained_once():
    listed = re.findall(r"^\| `([a-z-]+)` \|", VERDICTS.split("## Causes")[1].split("\n## ")[0], re.M)
    assert sorted(listed) == sorted(get_args(CauseKind))


def test_every_kind_of_first_change_is_explained_once():
    section = VERDICTS.split("## The past of a failure")[1].split("| `kind` |")[1]
    listed = re.findall(r"^\| `([a-z-]+)` \|", section.split("\n- ")[0], re.M)
    assert sorted(listed) == sorted(get_args(Kind))


def test_every_verdict_is_in_the_table():
    table = VERDICTS.split("## The four verdicts")[1].split("## Causes")[0]
    assert set(re.findall(r"`(\w+)`[^|]*\|$", table, re.M)) == set(get_args(Word))


def test_every_member_of_ours_is_listed():
    written = (ROOT / "broker" / "deployability" / "representation.py").read_text()
    members = set(re.findall(r'"(ts:\w+)"', written))
    assert members == set(re.findall(r"^\| `(ts:\w+)` \|", VERDICTS, re.M))


def test_the_life_names_only_what_exists():
    names = re.findall(r"`(broker(?:\.\w+)+)`", LIFE)
    assert len(names) > 10
    assert [name for name in names if pydoc.locate(f"tallystick.{name}") is None] == []
