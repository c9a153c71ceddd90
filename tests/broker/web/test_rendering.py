"""Small words on pages: how long ago, and commands over several lines."""

from datetime import UTC, datetime, timedelta

import pytest

from tallystick.broker.web.network_layout import HEIGHT, WIDTH, draw
from tallystick.broker.web.rendering import ago, continued

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (44, "just now"),
        (50, "50 seconds ago"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (86_400 * 3, "3 days ago"),
        (86_400 * 65, "2 months ago"),
        (86_400 * 800, "2 years ago"),
    ],
)
def test_how_long_ago(seconds, words):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_long_command_breaks_before_options_and_means_the_same():
    command = "tallystick verify " + " ".join(f"--option-{n} value-{n}" for n in range(12))
    broken = continued(command)
    assert max(len(line) for line in broken.splitlines()) <= 102
    assert " ".join(broken.replace("\\\n", "").split()) == command
    assert continued("tallystick publish x --branch main") == "tallystick publish x --branch main"


def boxes(picture):
    return [(node.x, node.y, node.x + WIDTH, node.y + HEIGHT) for node in picture.nodes]


def test_boxes_do_not_overlap_and_lie_within_the_picture():
    pairs = {(f"c{i}", f"p{(i * 7 + j) % 9}"): "success" for i in range(12) for j in range(3)}
    pairs |= {("p1", "p2"): "failed", ("p2", "p8"): "owed", ("p8", "p1"): "owed", ("p3", "p3"): "success"}
    picture = draw(pairs)
    found = boxes(picture)
    for a in found:
        assert min(a) >= 0
        assert a[2] <= picture.width
        assert a[3] <= picture.height
        assert not [b for b in found if b != a and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]
    assert len(picture.edges) == len(pairs)


def test_a_consumer_stands_left_of_its_provider_unless_they_form_a_ring():
    picture = draw({("a", "b"): "success", ("b", "c"): "success", ("a", "c"): "failed"})
    x = {node.name: node.x for node in picture.nodes}
    assert x["a"] < x["b"] < x["c"]
    ring = draw({("a", "b"): "success", ("b", "a"): "success"})
    assert len({node.x for node in ring.nodes}) == 2


def test_an_empty_network_is_an_empty_picture():
    assert draw({}).nodes == ()
