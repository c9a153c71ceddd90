"""A provider with 200 operations, its consumers and their past, as rows that are loaded in bulk. The same every time.

Only what counts today has real contracts: a past one is a row with its interactions and `{}` as content, since nothing
that is asked here reads it. Digests of past interactions are made up; their usage is that of the interactions of today.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, Table, func, select, text

from tallystick.broker import db
from tallystick.broker.contracts.content import content_of, interactions
from tallystick.broker.contracts.usage_map import taken_apart
from tallystick.broker.tables import metadata

PROVIDER = "shop"
OPERATIONS = 200
INTERACTIONS = 20  # of a contract
NEW = 2  # of them in each version: one in ten
_START = datetime(2024, 1, 1, tzinfo=UTC)
_METHODS = ("GET", "GET", "GET", "POST", "PUT")
_WORDS = ("orders", "parcels", "refunds", "stock", "prices", "carts", "labels", "returns")


# --- the API ------------------------------------------------------------------------------------------------------


def operation(number: int) -> tuple[str, str]:
    """Method and template."""
    method = _METHODS[number % len(_METHODS)]
    return method, f"/{_WORDS[number % len(_WORDS)]}/v{number}/{{id}}"


def description(*, without: Iterable[int] = (), money: str = "integer") -> dict[str, Any]:
    """The API; some operations without their `note`, and amounts of another type wherever there is one."""
    paths: dict[str, Any] = {}
    for number in range(OPERATIONS):
        method, template = operation(number)
        members = {
            "id": {"type": "integer"}, "status": {"type": "string", "enum": ["open", "paid", "gone"]},
            "note": {"type": "string"}, "total": {"$ref": "#/components/schemas/Money"},
            "customer": {"$ref": "#/components/schemas/Customer"},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "tags": {"type": "array", "items": {"type": "string"}}, f"extra{number}": {"type": "string"},
        }  # fmt: skip
        if number in without:
            del members["note"]
        answer = {"type": "object", "properties": members, "required": ["id", "status"]}
        one: dict[str, Any] = {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "page", "in": "query", "schema": {"type": "integer"}},
            ],
            "responses": {"200": {"description": "one", "content": {"application/json": {"schema": answer}}}},
        }
        if method != "GET":
            one["requestBody"] = {"content": {"application/json": {"schema": answer}}}
        paths.setdefault(template, {})[method.lower()] = one
    schemas = {
        "Money": {"type": "object", "properties": {"amount": {"type": money}, "currency": {"type": "string"}}},
        "Address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}},
        "Customer": {"type": "object", "properties": {"name": {"type": "string"},
                                                      "address": {"$ref": "#/components/schemas/Address"}}},
        "Line": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"},
                                                  "price": {"$ref": "#/components/schemas/Money"}}},
    }  # fmt: skip
    return {"openapi": "3.1.0", "info": {"title": PROVIDER, "version": "1"}, "paths": paths,
            "components": {"schemas": schemas}}  # fmt: skip


# --- contracts ----------------------------------------------------------------------------------------------------


def interaction(number: int, value: int) -> dict[str, Any]:
    """One that uses an operation; another value makes it another interaction."""
    method, template = operation(number)
    body = {
        "id": value, "status": "paid", "note": "by hand", "total": {"amount": 995, "currency": "EUR"},
        "customer": {"name": "Ada", "address": {"street": "Mill Lane 1", "city": "Hull"}},
        "lines": [{"sku": "a-1", "count": 2, "price": {"amount": 450, "currency": "EUR"}}], "tags": ["new"],
    }  # fmt: skip
    rules = {
        "$.status": {"matchers": [{"match": "regex", "regex": "open|paid|gone"}]},
        "$.total.amount": {"matchers": [{"match": "integer"}]},
        "$.customer": {"matchers": [{"match": "type"}]},
        "$.lines": {"matchers": [{"match": "type", "min": 1}]},
        "$.lines[*].price.amount": {"matchers": [{"match": "integer"}]},
    }
    request: dict[str, Any] = {
        "method": method,
        "path": template.replace("{id}", str(value)),
        "headers": {"Accept": "application/json"},
    }
    if method == "GET":
        request["query"] = {"page": ["1"]}
    else:
        request |= {"body": {"status": "open", "note": "x"}}
        request["headers"]["Content-Type"] = "application/json"
    response = {
        "status": 200, "headers": {"Content-Type": "application/json"}, "body": body, "matchingRules": {"body": rules}
    }  # fmt: skip
    states = [{"name": "it exists", "params": {"id": value}}]
    return {"description": f"{method} {template} as {value}", "providerStates": states, "request": request,
            "response": response}  # fmt: skip


def contract(consumer: str, numbers: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A document of version 3 with an interaction for each (operation, value)."""
    return {
        "consumer": {"name": consumer},
        "provider": {"name": PROVIDER},
        "interactions": [interaction(*one) for one in numbers],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


@dataclass(frozen=True, slots=True)
class Line:
    """The contracts of a consumer, version by version: which operations, with which value."""

    index: int

    def contract(self, version: int, new: int = NEW) -> list[tuple[int, int]]:
        """(operation, value) of each interaction; `new` of them are others than in the version before."""
        return [(one, self._value(slot, version, new)) for slot, one in enumerate(_operations(self.index))]

    def _value(self, slot: int, version: int, new: int) -> int:
        # The slots take turns.
        turns = (version * new + INTERACTIONS - 1 - slot) // INTERACTIONS
        return (self.index * 1000 + slot) * 10_000 + turns


@cache
def _operations(index: int) -> list[int]:
    """Those that a consumer uses; number 0 is everybody's."""
    return [0, *random.Random(index).sample(range(1, OPERATIONS), INTERACTIONS - 1)]


# --- the rows -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """How big a world is, and how big it became."""

    consumers: int
    versions: int

    @classmethod
    def of(cls, rows: int, consumers: int) -> Size:
        """With so many rows of usage: places that interactions rely on."""
        per_version = NEW * _places_per_interaction()
        return cls(
            consumers, max(2, round((rows / consumers - INTERACTIONS * _places_per_interaction()) / per_version))
        )


@cache
def _taken(number: int) -> tuple[tuple[str, str], str]:
    [one] = interactions(contract("any", [(number, 1)]))
    return taken_apart(one.model)


def _places_per_interaction() -> float:
    return sum(len(json.loads(_taken(number)[1])) for number in range(OPERATIONS)) / OPERATIONS


def load(engine: Engine, size: Size) -> None:
    """Fill an empty, migrated database. Each consumer's newest version is on main, in production and in test."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
    consumer_ids = range(2, size.consumers + 2)
    rows["participant"] = [(1, PROVIDER, PROVIDER, None, _START, _START)]
    rows["participant"] += [(one, f"consumer-{one}", f"consumer-{one}", "main", _START, _START) for one in consumer_ids]
    rows["environment"] = [(1, "e1", "production", True, _START, _START), (2, "e2", "test", False, _START, _START)]
    rows["operation"] = [(number + 1, 1, *_taken(number)[0]) for number in range(OPERATIONS)]
    rows["integration"] = [(one, one, 1, _START) for one in consumer_ids]
    rows["branch"] = [(one, one, "main", _START, _START) for one in consumer_ids]
    with _Loader(engine) as loader:
        loader.load(rows)
        ids = _Ids()
        for consumer_id in consumer_ids:
            loader.load(_of_consumer(consumer_id, size.versions, ids))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))


@dataclass(slots=True)
class _Ids:
    version: int = 0
    usage: int = 0


def _of_consumer(consumer_id: int, versions: int, ids: _Ids) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
    line = Line(consumer_id)
    last = line.contract(versions)
    document = contract(f"consumer-{consumer_id}", last)
    today = {one: known.sha for one, known in zip(last, interactions(document), strict=True)}
    usages: dict[tuple[int, int], tuple[int, str]] = {}
    for version in range(1, versions + 1):
        ids.version += 1
        key, at, number = ids.version, _START + timedelta(minutes=ids.version), str(version)
        rows["version"].append((key, consumer_id, number, at, at))
        content = content_of(document) if version == versions else None
        sha = content.sha if content else _sha("contract", key)[:40]
        rows["contract"].append((key, consumer_id, 1, sha, at, content.stored if content else b"{}"))
        rows["contract_publication"].append((key, consumer_id, 1, key, 1, key, True, at))
        for position, one in enumerate(line.contract(version)):
            known = usages.get(one)
            if known is None:
                ids.usage += 1
                known = usages[one] = ids.usage, today.get(one) or _sha("interaction", *one)
                rows["interaction"].append((known[1], 1, "http", at))
                rows["interaction_usage"].append(
                    (known[0], known[1], consumer_id, one[0] + 1, _taken(one[0])[1], key, number, at)
                )
            rows["contract_interaction"].append((key, position, known[1], f"as {one[1]}", known[0], one[0] + 1))
    rows["branch_version"] = [(consumer_id, consumer_id, ids.version, _START)]
    rows["branch_head"] = [(consumer_id, ids.version, consumer_id)]
    rows["deployed_version"] = [
        (f"d{consumer_id}-{one}", consumer_id, ids.version, one, "", True, _START, _START) for one in (1, 2)
    ]
    return rows


def _sha(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


_COLUMNS = {
    "participant": "id name name_lower main_branch created_at updated_at",
    "environment": "id uuid name production created_at updated_at",
    "version": "id participant_id number created_at updated_at",
    "branch": "id participant_id name created_at updated_at",
    "branch_version": "id branch_id version_id created_at",
    "branch_head": "branch_id version_id addition_id",
    "integration": "id consumer_id provider_id created_at",
    "operation": "id provider_id method template",
    "contract": "id consumer_id provider_id sha created_at content",
    "contract_publication": "id consumer_id provider_id version_id revision contract_id is_current created_at",
    "interaction": "sha normal_form kind created_at",
    "interaction_usage": (
        "id interaction_sha integration_id operation_id places first_version_id first_version first_at"
    ),
    "contract_interaction": "contract_id position interaction_sha description usage_id operation_id",
    "deployed_version": (
        "uuid participant_id version_id environment_id application_instance currently_deployed created_at updated_at"
    ),
}


class _Loader:
    """Writes rows as fast as each database takes them; one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> _Loader:
        self.raw = self.engine.raw_connection()
        self.cursor = self.raw.cursor()
        if self.engine.dialect.name == "sqlite":
            self.cursor.execute("BEGIN")
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: Any) -> None:
        if failure is None:
            self._counters()
            self.raw.driver_connection.commit()
        self.raw.close()

    def load(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        for name, some in rows.items():
            if not some:
                continue
            columns = _COLUMNS[name].split()
            if self.engine.dialect.name == "sqlite":
                marks = ", ".join("?" * len(columns))
                self.cursor.executemany(
                    f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", map(_for_sqlite, some)
                )
            else:
                with self.cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)

    def _counters(self) -> None:
        """The next ids come after those that are there."""
        if self.engine.dialect.name == "postgresql":
            for name, columns in _COLUMNS.items():
                if columns.startswith("id "):
                    self.cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT MAX(id) FROM {name}))"
                    )


def _for_sqlite(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        one.replace(tzinfo=None).isoformat(" ", "microseconds") if isinstance(one, datetime) else one for one in row
    )


def counts(engine: Engine) -> dict[str, int]:
    """How many rows the larger tables have."""
    tables: list[Table] = [metadata.tables[name] for name in ("contract", "contract_interaction", "interaction_usage")]
    with db.read(engine) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }
