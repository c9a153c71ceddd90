"""Is what an interaction asks and expects allowed by an API description? The rules for HTTP, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.contract.openapi import exchanges, media
from tallystick.contract.openapi.exchanges import ABSENT, Exchange
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.operations import Operation, Parameter, Response, Router
from tallystick.contract.openapi.schema import BudgetExceeded, Fault, Validator
from tallystick.contract.openapi.shapes import Schema
from tallystick.contract.openapi.values import MISSING

_REQUEST: Final = """
    accept accept-charset accept-datetime accept-encoding accept-language authorization cache-control connection
    content-length content-md5 content-type cookie date expect forwarded from host if-match if-modified-since
    if-none-match if-range if-unmodified-since max-forwards origin pragma proxy-authorization range referer te
    upgrade user-agent via warning
"""
_RESPONSE: Final = """
    accept-patch accept-ranges access-control-allow-credentials access-control-allow-headers
    access-control-allow-methods access-control-allow-origin access-control-expose-headers access-control-max-age
    age allow alt-svc cache-control connection content-disposition content-encoding content-language content-length
    content-location content-md5 content-range content-type date etag expires last-modified link location p3p pragma
    proxy-authenticate public-key-pins refresh retry-after server set-cookie status strict-transport-security
    trailer transfer-encoding tsv upgrade vary via warning www-authenticate x-frame-options
"""
STANDARD_REQUEST_HEADERS: Final = frozenset(_REQUEST.split())
"""Headers of HTTP itself, which descriptions need not mention."""

STANDARD_RESPONSE_HEADERS: Final = frozenset(_RESPONSE.split())


_VALUE_REFUSED: Final = (400, 404, 422)
"""Statuses by which a value in the path is refused."""

_FORM: Final = ("application", "x-www-form-urlencoded")
_MULTIPART: Final = ("multipart", "form-data")


@dataclass(slots=True)
class HttpComparison:
    """Compares HTTP interactions with one description; what is worked out for one is kept for the next."""

    document: Mapping[str, Any]
    router: Router = field(init=False)
    _parameters: Validator = field(init=False)
    _requests: Validator = field(init=False)
    _forms: Validator = field(init=False)
    _responses: Validator = field(init=False)

    def __post_init__(self) -> None:
        self.router = Router(self.document)
        self._parameters = Validator(self.document, "request", coerce=True)
        self._requests = Validator(self.document, "request")
        self._forms = Validator(self.document, "request", coerce=True)
        self._responses = Validator(self.document, "response")

    def compare(self, exchange: Exchange, *, version_4: bool) -> Iterator[Finding]:
        method, path = str(exchange.request.get("method", "GET")), exchanges.path_of(exchange.request)
        # A path value that is wrong on purpose leads to the operation all the same.
        operation = self.router.find(method, path, strict=exchange.response.get("status") not in _VALUE_REFUSED)
        if operation is None:
            yield _finding(
                exchange, "request.path-or-method.unknown",
                f"Path or method not defined in the description: {method.upper()} {path}", ".request.path",
                "[root].paths",
            )  # fmt: skip
            return
        headers = exchanges.headers_of(exchange.request)
        names = frozenset(one.name for one in operation.parameters if one.place == "query")
        pairs = exchanges.query_of(exchange.request)
        query = exchanges.nested(pairs, names)
        response = _response_for(operation, exchange.response.get("status"))
        # A request that is expected to fail may be wrong on purpose.
        if not _fails(exchange):
            yield from self._security(exchange, operation, headers, query)
            yield from self._headers(exchange, operation, headers)
            yield from self._query(exchange, operation, query)
        yield from self._accept(exchange, operation, headers)
        yield from self._request_body(exchange, operation, headers, version_4)
        yield from self._response(exchange, operation, response, headers, version_4)

    # --- the request ---------------------------------------------------------------------------------------------

    def _security(
        self, exchange: Exchange, operation: Operation, headers: Mapping[str, str], query: Mapping[str, Any]
    ) -> Iterator[Finding]:
        if operation.schemes is None:
            return
        shown = (
            headers.get(one.name, "").lower().startswith(one.prefix) and one.name in headers
            if one.place == "header"
            else one.name in query
            for one in operation.schemes
        )
        if any(shown):
            return
        for scheme in operation.schemes:
            yield _finding(
                exchange, "request.authorization.missing",
                f"The request lacks the {scheme.place} {scheme.name} that the description requires",
                f".request.{'headers' if scheme.place == 'header' else 'query'}", operation.spec,
            )  # fmt: skip

    def _headers(self, exchange: Exchange, operation: Operation, headers: Mapping[str, str]) -> Iterator[Finding]:
        declared = {one.name.lower(): one for one in operation.parameters if one.place == "header"}
        for name, parameter in declared.items():
            at = f".request.headers.{parameter.name}"
            if name not in headers:
                if parameter.required:
                    yield _finding(
                        exchange, "request.header.incompatible",
                        f"The header {parameter.name} is required but missing", at, parameter.spec,
                    )  # fmt: skip
                continue
            value = self._header_value(headers[name], parameter)
            yield from self._faulty(
                exchange, "request.header.incompatible", self._parameters, parameter.schema, value, at,
                parameter.schema_spec,
            )  # fmt: skip
        schemes = {one.name for one in operation.schemes or () if one.place == "header"}
        for name in headers:
            if name not in declared and name not in STANDARD_REQUEST_HEADERS and name not in schemes:
                yield _finding(
                    exchange, "request.header.unknown", f"The header {name} is not in the description",
                    f".request.headers.{name}", operation.spec,
                )  # fmt: skip

    def _query(self, exchange: Exchange, operation: Operation, query: Mapping[str, Any]) -> Iterator[Finding]:
        declared = {one.name: one for one in operation.parameters if one.place == "query"}
        for name, parameter in declared.items():
            if name not in query and not parameter.required:
                continue
            value = self._query_value(exchange, query[name], parameter) if name in query else MISSING
            yield from self._faulty(
                exchange, "request.query.incompatible", self._parameters, parameter.schema, value,
                f".request.query.{name}", parameter.schema_spec,
            )  # fmt: skip
        schemes = {one.name for one in operation.schemes or () if one.place == "query"}
        for name in query:
            if name not in declared and name not in schemes:
                yield _finding(
                    exchange, "request.query.unknown", f"The query parameter {name} is not in the description",
                    f".request.query.{name}", operation.spec,
                )  # fmt: skip

    def _header_value(self, text: str, parameter: Parameter) -> Any:
        types = self._parameters.types(parameter.schema)
        if "object" in types and "array" not in types and "=" in text:
            return {name.strip(): value for name, _, value in (one.partition("=") for one in text.split(","))}
        return self._parameters.listed(parameter.schema, text, ",")

    def _query_value(self, exchange: Exchange, value: Any, parameter: Parameter) -> Any:
        if isinstance(value, str):
            separator = parameter.separator if parameter.separator in value else ","
            return self._parameters.listed(parameter.schema, value, separator)
        several = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if several and isinstance(exchange.request.get("query"), Mapping):
            # Contracts since version 3 give every parameter a list of values; what is no list takes them as one text.
            return value if "array" in self._parameters.types(parameter.schema) else ",".join(value)
        return value

    def _accept(self, exchange: Exchange, operation: Operation, headers: Mapping[str, str]) -> Iterator[Finding]:
        # A class of statuses, or the default, may stand for an answer that nobody negotiates about.
        response = operation.responses.get(str(exchange.response.get("status")))
        wanted = media.accepted(headers.get("accept", ""))
        if not wanted:
            return
        offered = [one for each in operation.responses.values() for one in each.media_types]
        if not offered:
            yield _finding(
                exchange, "request.accept.unknown", "The description does not say what types are sent",
                ".request.headers.accept", operation.spec,
            )  # fmt: skip
        elif (
            response is not None
            and response.media_types
            and not any(media.alike(a, b) for a in wanted for b in offered)
        ):
            yield _finding(
                exchange, "request.accept.incompatible", f"The description sends none of {', '.join(wanted)}",
                ".request.headers.accept", operation.spec,
            )  # fmt: skip

    def _request_body(
        self, exchange: Exchange, operation: Operation, headers: Mapping[str, str], version_4: bool
    ) -> Iterator[Finding]:
        body = exchanges.body_of(exchange.request, version_4=version_4)
        sent = headers.get("content-type", "").strip()
        at, spec = ".request.headers.content-type", f"{operation.spec}.requestBody.content"
        if sent and not operation.media_types:
            yield _finding(
                exchange, "request.content-type.unknown", "The description does not say what types are taken", at,
                operation.spec,
            )  # fmt: skip
        elif sent and not any(media.alike(sent, one) for one in operation.media_types):
            yield _finding(
                exchange, "request.content-type.incompatible", f"The description does not take {sent}", at, spec
            )
            return
        elif not sent and operation.media_types and body is not ABSENT and body not in (None, "", False, 0):
            yield _finding(
                exchange, "request.content-type.missing", "The request does not say its type, the description does",
                at, operation.spec,
            )  # fmt: skip
        if _fails(exchange) or (body is ABSENT and not operation.body_required):
            return
        chosen = media.best([sent or "application/json"], operation.body)
        schema = operation.body.get(chosen) if chosen else None
        is_there = body is not ABSENT and body not in (None, "", False, 0)
        if chosen and not media.checkable(chosen):
            if is_there:
                yield _unvalidatable(exchange, "request", chosen, spec)
        elif schema is None:
            if is_there:
                yield _finding(
                    exchange,
                    "request.body.unknown",
                    "The description has no schema for the body",
                    ".request.body",
                    spec,
                )
        else:
            value, validator = self._form_value(body, chosen or "", sent, schema)
            yield from self._faulty(
                exchange, "request.body.incompatible", validator, schema, value, ".request.body",
                f"{spec}.{chosen}.schema",
            )  # fmt: skip

    def _form_value(self, body: Any, chosen: str, sent: str, schema: Schema) -> tuple[Any, Validator]:
        """The body as a value. The fields of a form are texts, so they may spell what the schema wants."""
        value = MISSING if body is ABSENT else body
        kind = media.normal(sent if "*" in chosen else chosen)
        if not isinstance(value, str) or kind not in (_FORM, _MULTIPART):
            return value, self._requests
        fields = exchanges.form_of(value) if kind == _FORM else exchanges.multipart_of(value, sent)
        if isinstance(fields, dict):
            # One field of the name is a list of one, where a list is wanted.
            arrays = {name for name in fields if "array" in self._forms.member_types(schema, name)}
            fields = {n: [v] if n in arrays and isinstance(v, str) else v for n, v in fields.items()}
        return fields, self._forms

    # --- the response --------------------------------------------------------------------------------------------

    def _response(
        self,
        exchange: Exchange,
        operation: Operation,
        response: Response | None,
        request_headers: Mapping[str, str],
        version_4: bool,
    ) -> Iterator[Finding]:
        status = exchange.response.get("status")
        spec = f"{operation.spec}.responses"
        if response is None:
            yield _finding(
                exchange, "response.status.unknown", f"The status {status} is not in the description",
                ".response.status", spec,
            )  # fmt: skip
            return
        if response.key == "default":
            yield _finding(
                exchange, "response.status.default", f"The status {status} is allowed by the default response only",
                ".response.status", spec,
            )  # fmt: skip
        spec = f"{spec}.{status}"
        headers = exchanges.headers_of(exchange.response)
        yield from self._response_headers(exchange, operation, response, headers, spec)
        sent = headers.get("content-type", "").strip()
        at = ".response.headers.content-type"
        if sent and not response.media_types:
            yield _finding(
                exchange, "response.content-type.unknown", "The description does not say what types are sent", at,
                operation.spec,
            )  # fmt: skip
        elif sent and not any(media.alike(sent, one) for one in response.media_types):
            yield _finding(
                exchange, "response.content-type.incompatible", f"The description does not send {sent}", at,
                f"{spec}.content",
            )  # fmt: skip
            return
        wanted = [*([sent] if sent else []), *media.accepted(request_headers.get("accept", "")), "application/json"]
        yield from self._response_body(exchange, response, wanted, f"{spec}.content", version_4)

    def _response_headers(
        self, exchange: Exchange, operation: Operation, response: Response, headers: Mapping[str, str], spec: str
    ) -> Iterator[Finding]:
        declared = {name.lower(): (name, schema) for name, schema in response.headers.items()}
        for name, value in headers.items():
            if name == "content-type":
                continue
            if name in declared:
                written, schema = declared[name]
                yield from self._faulty(
                    exchange, "response.header.incompatible", self._parameters, schema, value,
                    f".response.headers.{written}", f"{spec}.headers.{written}.schema",
                )  # fmt: skip
            elif name in STANDARD_RESPONSE_HEADERS:
                yield _finding(
                    exchange, "response.header.undefined", f"The standard header {name} is not in the description",
                    f".response.headers.{name}", operation.spec,
                )  # fmt: skip
            else:
                yield _finding(
                    exchange, "response.header.unknown", f"The header {name} is not in the description",
                    f".response.headers.{name}", f"{spec}.headers",
                )  # fmt: skip

    def _response_body(
        self, exchange: Exchange, response: Response, wanted: Sequence[str], spec: str, version_4: bool
    ) -> Iterator[Finding]:
        body = exchanges.body_of(exchange.response, version_4=version_4)
        if body is ABSENT or body in (None, "", False, 0):
            return
        chosen = media.best(wanted, response.content) or next(iter(response.content), None)
        schema = response.content.get(chosen) if chosen else None
        if chosen and not media.checkable(chosen):
            yield _unvalidatable(exchange, "response", chosen, spec)
        elif schema is None:
            yield _finding(
                exchange, "response.body.unknown", "The description has no schema for the body", ".response.body", spec
            )
        else:
            yield from self._faulty(
                exchange, "response.body.incompatible", self._responses, schema, body, ".response.body",
                f"{spec}.{chosen}.schema",
            )  # fmt: skip

    def _faulty(
        self, exchange: Exchange, code: str, validator: Validator, schema: Schema | None, value: Any, at: str, spec: str
    ) -> Iterator[Finding]:
        if schema is None:
            return
        try:
            faults: Sequence[Fault] = validator.faults(schema, value)
        except BudgetExceeded:
            side = "request" if at.startswith(".request") else "response"
            message = "The value and its schema are too large to compare"
            yield _finding(exchange, f"{side}.body.unvalidatable", message, at, spec)
            return
        for fault in faults:
            yield _finding(
                exchange, code, fault.message, ".".join((at, *fault.path)), ".".join((spec, *fault.schema_path))
            )


def _finding(exchange: Exchange, code: str, message: str, at: str, spec: str) -> Finding:
    return Finding(code, message, exchange.location + at, spec, exchange.description)


def _unvalidatable(exchange: Exchange, side: str, chosen: str, spec: str) -> Finding:
    message = f"Bodies of type {chosen} cannot be compared with a schema"
    return _finding(exchange, f"{side}.body.unvalidatable", message, f".{side}.body", spec)


def _fails(exchange: Exchange) -> bool:
    status = exchange.response.get("status")
    return isinstance(status, int) and status >= 400


def _response_for(operation: Operation, status: Any) -> Response | None:
    """The response of a status: by its number, else by its class, else the default."""
    text = str(status if status is not None else 200)
    for key in (text, f"{text[:1]}XX", "default"):
        if key in operation.responses:
            return operation.responses[key]
    return None
