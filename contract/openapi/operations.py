"""The operations of an API description: OpenAPI 3.0, 3.1 and Swagger 2 read into one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import unquote

from tallystick.contract.openapi.schema import BudgetExceeded, Validator, pointed
from tallystick.contract.openapi.shapes import Schema
from tallystick.contract.templates import Templates, values_of

In: TypeAlias = Literal["path", "query", "header", "cookie"]
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DEFAULT_MEDIA: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation. A schema of None says nothing about its values."""

    name: str
    place: In
    schema: Schema | None = None
    required: bool = False
    separator: str = ","
    """What divides the items of an array given as one text."""
    spec: str = ""
    schema_spec: str = ""
    """Where its schema is: below `spec`, or with Swagger 2 `spec` itself."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response of an operation, by the key it has in the description."""

    key: str
    headers: Mapping[str, Schema | None] = field(default_factory=dict)
    content: Mapping[str, Schema | None] = field(default_factory=dict)
    """Media type -> schema, in the order of the description."""
    media_types: tuple[str, ...] = ()
    """What it may be sent as; with Swagger 2 there may be a schema and no word about that."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to prove who asks, as far as a request can show it."""

    place: Literal["header", "query"]
    name: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    template: str
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Schema | None] = field(default_factory=dict)
    media_types: tuple[str, ...] = ()
    body_required: bool = False
    responses: Mapping[str, Response] = field(default_factory=dict)
    schemes: tuple[Scheme, ...] | None = None
    """Any of these is enough; None when nothing is asked for that a request could show."""
    spec: str = ""

    @property
    def name(self) -> str:
        """`GET /orders/{id}`."""
        return f"{self.method} {self.template}"


def is_swagger(document: Mapping[str, Any]) -> bool:
    return str(document.get("swagger", "")).startswith("2")


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of a description. Parts that are not as the specification has them are left out."""
    for path, item in _map(document, "paths").items():
        item = _followed(document, item)
        if not isinstance(item, Mapping):
            continue
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                yield _operation(document, str(path), method, item, item[method])


def _operation(
    document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any], written: Mapping[str, Any]
) -> Operation:
    spec = f"[root].paths.{path}.{method}"
    parameters = {
        (one.get("name"), one.get("in")): (one, f"{spec}.parameters[{index}]")
        for source in (item, written)
        for index, one in enumerate(_followed(document, each) for each in _list(source, "parameters"))
        if isinstance(one, Mapping)
    }
    if is_swagger(document):
        body, media_types, required = _swagger_body(document, written, [one for one, _ in parameters.values()])
    else:
        request = _followed(document, written.get("requestBody"))
        request = request if isinstance(request, Mapping) else {}
        body = {media: _schema(one) for media, one in _map(request, "content").items()}
        media_types, required = tuple(body), request.get("required") is True
    responses = {
        str(status): _response(document, str(status), _followed(document, one), written)
        for status, one in _map(written, "responses").items()
    }
    return Operation(
        method.upper(),
        _base(document) + path,
        tuple(found for one, place in parameters.values() if (found := _parameter(one, place))),
        body,
        media_types,
        required,
        responses,
        _schemes(document, written),
        spec,
    )


def _base(document: Mapping[str, Any]) -> str:
    """What stands before every path. Servers don't count: requests of contracts are relative to them."""
    base = document.get("basePath") if is_swagger(document) else None
    own = _map(document, "info").get("x-opc-config-base-path")
    return str(own or base or "").rstrip("/")


def _schema(media: Any) -> Schema | None:
    found = media.get("schema") if isinstance(media, Mapping) else None
    return found if isinstance(found, Mapping | bool) else None


def _parameter(written: Mapping[str, Any], spec: str) -> Parameter | None:
    name, place = written.get("name"), written.get("in")
    if not isinstance(name, str) or place not in ("path", "query", "header", "cookie"):
        return None
    schema, schema_spec = _schema(written), f"{spec}.schema"
    separator = ","
    if "schema" not in written and "content" not in written and "type" in written:
        # Swagger 2 has the keywords of the schema beside the name.
        schema = {k: v for k, v in written.items() if k not in ("name", "in", "required", "collectionFormat")}
        schema_spec = spec
        separator = {"ssv": " ", "tsv": "\t", "pipes": "|"}.get(str(written.get("collectionFormat")), ",")
    return Parameter(name, place, schema, written.get("required") is True, separator, spec, schema_spec)


def _swagger_body(
    document: Mapping[str, Any], written: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Schema | None], tuple[str, ...], bool]:
    found = written.get("consumes", document.get("consumes"))
    media_types = tuple(str(one) for one in found) if isinstance(found, list) else ()
    body = next((one for one in parameters if one.get("in") == "body"), None)
    if body is None:
        # Fields of forms are parameters of their own, which are not compared.
        return dict.fromkeys(media_types), media_types, False
    schema = _schema(body)
    return dict.fromkeys(media_types or (_DEFAULT_MEDIA,), schema), media_types, body.get("required") is True


def _response(document: Mapping[str, Any], key: str, written: Any, operation: Mapping[str, Any]) -> Response:
    if not isinstance(written, Mapping):
        return Response(key)
    headers: dict[str, Schema | None] = {}
    for name, header in _map(written, "headers").items():
        header = _followed(document, header)
        if isinstance(header, Mapping):
            headers[str(name)] = header if is_swagger(document) else _schema(header)
    if not is_swagger(document):
        content = {str(media): _schema(one) for media, one in _map(written, "content").items()}
        return Response(key, headers, content, tuple(content))
    found = operation.get("produces", document.get("produces"))
    media_types = tuple(str(one) for one in found) if isinstance(found, list) else ()
    schema = _schema(written)
    content = dict.fromkeys(media_types or (_DEFAULT_MEDIA,), schema) if schema is not None else {}
    return Response(key, headers, content, media_types)


def _schemes(document: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[Scheme, ...] | None:
    """The schemes that a request can show; None when one of the alternatives needs nothing that shows."""
    wanted = operation.get("security", document.get("security"))
    if not isinstance(wanted, list) or not wanted:
        return None
    components = document if is_swagger(document) else _map(document, "components")
    defined = _map(components, "securityDefinitions" if is_swagger(document) else "securitySchemes")
    found: list[Scheme] = []
    for alternative in wanted:
        if not isinstance(alternative, Mapping) or not alternative:
            return None
        for name in alternative:
            written = _followed(document, defined.get(name))
            if not isinstance(written, Mapping):
                continue
            scheme = _scheme(written)
            if scheme is None:
                return None
            found.append(scheme)
    return tuple(found) or None


def _scheme(written: Mapping[str, Any]) -> Scheme | None:
    kind, place, name = written.get("type"), written.get("in"), written.get("name")
    if kind == "basic":
        return Scheme("header", "authorization", "basic ")
    if kind == "http":
        return Scheme("header", "authorization", f"{str(written.get('scheme', '')).lower()} ")
    if kind == "apiKey" and isinstance(name, str):
        if place == "query":
            return Scheme("query", name)
        if place == "header":
            return Scheme("header", name.lower())
    return None


# --- finding the operation of a request ---------------------------------------------------------------------------


class Router:
    """Finds the operation of a request: the most literal path whose parameters allow the values."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.operations = tuple(operations(document))
        self._validator = Validator(document, "request", coerce=True)
        self._fold = _map(document, "info").get("x-opc-config-case-insensitive") is True
        self._routes: dict[str, Templates[Operation]] = {}
        for operation in self.operations:
            routes = self._routes.setdefault(operation.method, Templates(ignore_case=self._fold))
            routes.add(operation.template, operation)

    def find(self, method: str, path: str, *, strict: bool = True) -> Operation | None:
        """The operation; where not `strict`, one whose parameters don't allow the values will do."""
        candidates = self._candidates(method, path)
        fitting = next((one for one in candidates if self._allows(one, path)), None)
        return candidates[0] if fitting is None and candidates and not strict else fitting

    def all(self, method: str, path: str) -> tuple[Operation, ...]:
        """Every operation that the path and the values in it fit, the most literal first."""
        return tuple(one for one in self._candidates(method, path) if self._allows(one, path))

    def _candidates(self, method: str, path: str) -> list[Operation]:
        routes = self._routes.get(method.upper())
        return routes.find(path if path.startswith("/") else "/" + path) if routes is not None else []

    def _allows(self, operation: Operation, path: str) -> bool:
        wanted = [one for one in operation.parameters if one.place == "path" and one.schema is not None]
        path = path if path.startswith("/") else "/" + path
        values = values_of(operation.template, path, ignore_case=self._fold) if wanted else {}
        for parameter in wanted:
            if parameter.name not in values or parameter.schema is None:
                continue
            value = self._validator.listed(parameter.schema, unquote(values[parameter.name]), ",")
            try:
                if self._validator.faults(parameter.schema, value):
                    return False
            except BudgetExceeded:
                continue
        return True


# --- parts of documents ---------------------------------------------------------------------------------------------


def _followed(document: Mapping[str, Any], written: Any) -> Any:
    """What a part is, local references followed; None for one that leads nowhere."""
    seen: set[str] = set()
    while isinstance(written, Mapping) and isinstance(written.get("$ref"), str):
        reference = written["$ref"]
        if reference in seen:
            return None
        seen.add(reference)
        written = pointed(document, reference)
    return written


def _map(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(written: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = written.get(name)
    return found if isinstance(found, list) else ()
