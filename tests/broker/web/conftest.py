"""Pages as a test reads them, and what every one of them keeps."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import httpx
import pytest

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}

VOID = {"meta", "link", "input", "br", "img", "hr"}
ENDS_ALONE = {"option", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead"}


class Page(HTMLParser):
    """The text of a page, its heading, its links, and every tag with its attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[str | None] = []
        self.headings: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.faults += [f"<{tag}> is never closed" for tag in self._open if tag not in ENDS_ALONE]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len({name for name, _ in attrs}) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if tag == "input" and "label" in self._open:
            self.tags[-1][1]["aria-label"] = "of the label around it"
        if tag not in VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs).get("href"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            self.faults.append(f"</{tag}> closes nothing")
            return
        while (closed := self._open.pop()) != tag:
            if closed not in ENDS_ALONE:
                self.faults.append(f"</{tag}> closes an open <{closed}>")

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._open:
            self.words.append(" ".join(data.split()))
            if self._open and "h1" in self._open:
                self.headings.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def shortcomings(self) -> list[str]:
        """What makes it hard to parse, or to use without eyes."""
        found = list(self.faults)
        ids = [attrs["id"] for _, attrs in self.tags if "id" in attrs]
        found += [f"two things have the id {one}" for one in {one for one in ids if ids.count(one) > 1}]
        labelled = {attrs.get("for") for tag, attrs in self.tags if tag == "label"}
        for tag, attrs in self.tags:
            field = tag in ("input", "select", "textarea") and attrs.get("type") != "hidden"
            if field and attrs.get("id") not in labelled and "aria-label" not in attrs:
                found.append(f"<{tag} name={attrs.get('name')}> has no label")
            if tag == "th" and attrs.get("scope") not in ("col", "row", "rowgroup", "colgroup"):
                found.append("a <th> has no scope")
            if tag == "svg" and not attrs.keys() & {"aria-hidden", "aria-label"}:
                found.append("an <svg> says neither what it shows nor that it is decoration")
        levels = [int(tag[1]) for tag, _ in self.tags if tag in ("h1", "h2", "h3", "h4")]
        found += [f"an h{b} follows an h{a}" for a, b in pairwise(levels) if b > a + 1]
        return found


def read(answer: httpx.Response, status: int = 200) -> Page:
    """The page of an answer; what every page keeps is asserted."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Page(answer.text)
    assert page.source.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") or name == "style" for name in attrs)]
    assert page.shortcomings() == []
    return page


@pytest.fixture
def page_of() -> type[Page]:
    return Page


@pytest.fixture
def visit(client: httpx.Client) -> Callable[..., Page]:
    """`visit("/plans", 404)`: the page as a browser gets it; redirects are followed."""

    def get(path: str, status: int = 200) -> Page:
        return read(client.get(path, headers=BROWSER, follow_redirects=True), status)

    return get


@pytest.fixture
def send(client: httpx.Client) -> Callable[..., Page]:
    """`send("/path", 200, data={…}, files={…})`: a form, as a browser sends it."""

    def post(path: str, status: int = 200, **form: Any) -> Page:
        return read(client.post(path, headers=BROWSER, **form), status)

    return post
