"""Is the broker alive, what depends on what, and what its relations mean."""

from __future__ import annotations

import html
import logging
from typing import Any, Final

import orjson
from sqlalchemy import text
from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.index import RELATIONS
from tallystick.broker.http.links import link
from tallystick.broker.http.media import HAL, HTML, JSON
from tallystick.broker.http.routing import Routes

routes = Routes("system")
log = logging.getLogger("tallystick.broker")


@routes.get("/diagnostic/status/heartbeat", answer={"ok": True}, summary="The process answers; no database is asked")
def heartbeat(call: CallDep) -> Response:
    _if_enabled(call)
    return hal.answer({"ok": True, "_links": {"self": link(call.url)}})


@routes.get(
    "/diagnostic/status/dependencies",
    answers={200: {"database": {"ok": True}}, 500: None},
    summary="The database answers",
)
def dependencies(call: CallDep) -> Response:
    _if_enabled(call)
    database: dict[str, Any] = {"ok": True}
    try:
        with db.read(call.engine) as connection:
            connection.execute(text("SELECT 1"))
    except Exception as failure:
        log.exception("the database does not answer")
        # The kind of failure only: its text may hold an address or a user's name.
        database = {"ok": False, "error": {"message": f"{type(failure).__name__} - see the broker's log"}}
    document = {"database": database, "_links": {"self": link(call.url)}}
    return hal.answer(document, status=200 if database["ok"] else 500)


def _if_enabled(call: CallDep) -> None:
    if not call.settings.enable_diagnostic_endpoints:
        raise NotFound()


@routes.get(
    "/test/error",
    produces=(HAL, HTML),
    answers={500: None},
    hidden=True,
    summary="Fails, to show what a failure looks like",
)
def test_error(call: CallDep) -> Response:
    raise RuntimeError("Don't panic. This is a test API error.")


@routes.get("/openapi", produces=(JSON, HAL), summary="This description, as OpenAPI 3.1")
def openapi(call: CallDep) -> Response:
    return hal.answer(described(call.request.app), media_type=call.media_type)


def described(app: Any) -> dict[str, Any]:
    """The OpenAPI description of all routes, with the answers that any of them may give."""
    if app.openapi_schema is None:
        document = type(app).openapi(app)
        for operations in document["paths"].values():
            for method, operation in operations.items():
                answers = operation["responses"]
                answers.pop("422", None)
                for status, what in ALWAYS.items():
                    if status != "415" or method in ("post", "put", "patch"):
                        own = answers.setdefault(status, {"description": what["description"]})
                        own["content"] = {**what.get("content", {}), **own.get("content", {})}
        app.openapi_schema = document
    schema: dict[str, Any] = app.openapi_schema
    return schema


_ERRORS: Final = {
    "schema": {
        "type": "object",
        "properties": {
            "error": {"description": "one sentence, or what is known of a failure"},
            "errors": {"description": "sentences by member, or a list of sentences"},
        },
    }
}
ALWAYS: Final[dict[str, Any]] = {
    "400": {
        "description": "what was sent is wrong; every complaint is listed",
        "content": {HAL: {**_ERRORS, "example": {"errors": {"name": ["is missing"]}}}},
    },
    "401": {"description": "credentials are missing or wrong"},
    "404": {
        "description": "nothing is there",
        "content": {
            JSON: {**_ERRORS, "example": {"error": str(NotFound())}},
            HAL: {**_ERRORS, "example": {"error": "No provider with name 'Orders' found"}},
        },
    },
    "406": {"description": "the resource has none of the types that Accept names"},
    "413": {"description": "the body is larger than the broker takes", "content": {HAL: _ERRORS}},
    "415": {"description": "the body's content type is not accepted"},
    "422": {"description": "a name with a line break, a tab or a NUL character; or a change that is refused"},
}


# --- what relations mean ------------------------------------------------------------------------------------------

PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>body{font:16px/1.5 system-ui,'
    "sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}"
    "</style></head><body><h1>{title}</h1>{body}</body></html>"
)


def _page(title: str, body: str) -> str:
    """Not `format`: styles and scripts hold braces."""
    return PAGE.replace("{title}", title).replace("{body}", body)


@routes.page("/doc/{relation}")
def documentation(call: CallDep, relation: str) -> Response:
    """What a relation is for; a page that says so for one nobody knows."""
    known = RELATIONS.get(f"pb:{relation}")
    shown = html.escape(relation)
    if known is None:
        body = "<p>No documentation exists for this relation.</p>"
    else:
        path, title, _ = known
        body = f"<p>{html.escape(title)}.</p><p><code>{html.escape(path)}</code></p>"
    return hal.raw(_page(shown, body), media_type=HTML)


@routes.page("/api-docs")
def api_documentation(call: CallDep) -> Response:
    """Every route with its example, without a script from elsewhere."""
    parts = []
    for path, operations in described(call.request.app)["paths"].items():
        for method, operation in operations.items():
            parts.append(f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>")
            parts.append(f"<p>{html.escape(operation.get('summary', ''))}</p>")
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                example = orjson.dumps(content.get("example"), option=orjson.OPT_INDENT_2).decode()
                parts.append(f"<p>{html.escape(kind)}</p><pre>{html.escape(example)}</pre>")
    return hal.raw(_page("The API", "".join(parts)), media_type=HTML)


@routes.page("/hal-browser/browser.html")
def hal_browser(call: CallDep) -> Response:
    """A small browser of HAL documents: one page, one script, nothing from elsewhere."""
    if not call.settings.use_hal_browser:
        raise NotFound()
    return hal.raw(_page("HAL browser", BROWSER), media_type=HTML)


BROWSER: Final = """
<form id="go"><label>Path <input id="path" size="60"></label> <button>Go</button></form>
<h2>Links</h2><ul id="links"></ul><h2>Document</h2><pre id="document"></pre>
<script>
const path = document.getElementById("path"), list = document.getElementById("links");
async function show() {
  path.value = location.hash.slice(1) || "/";
  list.replaceChildren();
  if (!path.value.startsWith("/") || path.value.startsWith("//")) return;
  const answer = await fetch(path.value, {headers: {Accept: "application/hal+json"}});
  const text = await answer.text();
  let found;
  try { found = JSON.parse(text); } catch { document.getElementById("document").textContent = text; return; }
  document.getElementById("document").textContent = JSON.stringify(found, null, 2);
  for (const [relation, links] of Object.entries(found._links || {})) {
    for (const each of [links].flat()) {
      if (!each.href) continue;
      const item = document.createElement("li"), anchor = document.createElement("a");
      const target = new URL(each.href, location.origin);
      anchor.href = "#" + target.pathname + target.search;
      if (each.templated) anchor.removeAttribute("href");
      anchor.textContent = relation + (each.name ? " (" + each.name + ")" : "");
      item.append(anchor, " " + (each.title || ""));
      list.append(item);
    }
  }
}
document.getElementById("go").addEventListener("submit", event => {
  event.preventDefault();
  location.hash = path.value;
});
addEventListener("hashchange", show);
show();
</script>
"""
