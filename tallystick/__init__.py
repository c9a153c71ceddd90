"""Tallystick's front door: the public names, loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tallystick.client_sdk.broker_client.client import (
        AsyncBrokerClient as AsyncBrokerClient,
    )
    from tallystick.client_sdk.broker_client.client import (
        BrokerClient as BrokerClient,
    )
    from tallystick.client_sdk.broker_client.errors import (
        BrokerError as BrokerError,
    )
    from tallystick.client_sdk.broker_client.results import (
        Selector as Selector,
    )
    from tallystick.client_sdk.consumer import (
        Consumer as Consumer,
    )
    from tallystick.client_sdk.consumer import (
        ConsumerContract as ConsumerContract,
    )
    from tallystick.client_sdk.consumer import (
        MockServer as MockServer,
    )
    from tallystick.client_sdk.content import (
        binary as binary,
    )
    from tallystick.client_sdk.content import (
        form as form,
    )
    from tallystick.client_sdk.content import (
        json as json,
    )
    from tallystick.client_sdk.content import (
        text as text,
    )
    from tallystick.client_sdk.content import (
        xml as xml,
    )
    from tallystick.client_sdk.expecting import (
        expects as expects,
    )
    from tallystick.client_sdk.failures import (
        ContractNotKept as ContractNotKept,
    )
    from tallystick.client_sdk.failures import (
        MessageNotKept as MessageNotKept,
    )
    from tallystick.client_sdk.failures import (
        MissingRequest as MissingRequest,
    )
    from tallystick.client_sdk.failures import (
        WrongRequest as WrongRequest,
    )
    from tallystick.client_sdk.matchers import (
        Matcher as Matcher,
    )
    from tallystick.client_sdk.matchers import (
        MatcherMisuse as MatcherMisuse,
    )
    from tallystick.client_sdk.matchers import (
        all_of as all_of,
    )
    from tallystick.client_sdk.matchers import (
        any_of as any_of,
    )
    from tallystick.client_sdk.matchers import (
        array_containing as array_containing,
    )
    from tallystick.client_sdk.matchers import (
        boolean as boolean,
    )
    from tallystick.client_sdk.matchers import (
        content_type as content_type,
    )
    from tallystick.client_sdk.matchers import (
        date as date,
    )
    from tallystick.client_sdk.matchers import (
        datetime as datetime,
    )
    from tallystick.client_sdk.matchers import (
        decimal as decimal,
    )
    from tallystick.client_sdk.matchers import (
        each_key as each_key,
    )
    from tallystick.client_sdk.matchers import (
        each_like as each_like,
    )
    from tallystick.client_sdk.matchers import (
        each_value as each_value,
    )
    from tallystick.client_sdk.matchers import (
        equal_to as equal_to,
    )
    from tallystick.client_sdk.matchers import (
        from_provider_state as from_provider_state,
    )
    from tallystick.client_sdk.matchers import (
        hexadecimal as hexadecimal,
    )
    from tallystick.client_sdk.matchers import (
        includes as includes,
    )
    from tallystick.client_sdk.matchers import (
        integer as integer,
    )
    from tallystick.client_sdk.matchers import (
        like as like,
    )
    from tallystick.client_sdk.matchers import (
        mapping_of as mapping_of,
    )
    from tallystick.client_sdk.matchers import (
        mock_server_url as mock_server_url,
    )
    from tallystick.client_sdk.matchers import (
        not_empty as not_empty,
    )
    from tallystick.client_sdk.matchers import (
        null as null,
    )
    from tallystick.client_sdk.matchers import (
        nullable as nullable,
    )
    from tallystick.client_sdk.matchers import (
        number as number,
    )
    from tallystick.client_sdk.matchers import (
        one_of as one_of,
    )
    from tallystick.client_sdk.matchers import (
        optional as optional,
    )
    from tallystick.client_sdk.matchers import (
        regex as regex,
    )
    from tallystick.client_sdk.matchers import (
        semver as semver,
    )
    from tallystick.client_sdk.matchers import (
        status_class as status_class,
    )
    from tallystick.client_sdk.matchers import (
        string as string,
    )
    from tallystick.client_sdk.matchers import (
        time as time,
    )
    from tallystick.client_sdk.matchers import (
        uuid as uuid,
    )
    from tallystick.client_sdk.messages import (
        Message as Message,
    )
    from tallystick.verifier.api import (
        Verifier as Verifier,
    )
    from tallystick.verifier.api import (
        verify as verify,
    )
    from tallystick.verifier.api import (
        verify_async as verify_async,
    )
    from tallystick.verifier.handlers import (
        StateHandlers as StateHandlers,
    )
    from tallystick.verifier.messages import (
        MessageProducers as MessageProducers,
    )
    from tallystick.verifier.messages import (
        ProducedMessage as ProducedMessage,
    )
    from tallystick.verifier.options import (
        CannotVerify as CannotVerify,
    )

__version__: Final = "0.1.0"

_HOME: Final[dict[str, str]] = {
    # public name -> module that defines it; the same names stand below for type checkers and editors
    "Consumer": "tallystick.client_sdk.consumer",
    "ConsumerContract": "tallystick.client_sdk.consumer",
    "MockServer": "tallystick.client_sdk.consumer",
    "ContractNotKept": "tallystick.client_sdk.failures",
    "MessageNotKept": "tallystick.client_sdk.failures",
    "MissingRequest": "tallystick.client_sdk.failures",
    "WrongRequest": "tallystick.client_sdk.failures",
    "Matcher": "tallystick.client_sdk.matchers",
    "MatcherMisuse": "tallystick.client_sdk.matchers",
    "all_of": "tallystick.client_sdk.matchers",
    "any_of": "tallystick.client_sdk.matchers",
    "array_containing": "tallystick.client_sdk.matchers",
    "boolean": "tallystick.client_sdk.matchers",
    "content_type": "tallystick.client_sdk.matchers",
    "date": "tallystick.client_sdk.matchers",
    "datetime": "tallystick.client_sdk.matchers",
    "decimal": "tallystick.client_sdk.matchers",
    "each_key": "tallystick.client_sdk.matchers",
    "each_like": "tallystick.client_sdk.matchers",
    "each_value": "tallystick.client_sdk.matchers",
    "equal_to": "tallystick.client_sdk.matchers",
    "from_provider_state": "tallystick.client_sdk.matchers",
    "hexadecimal": "tallystick.client_sdk.matchers",
    "includes": "tallystick.client_sdk.matchers",
    "integer": "tallystick.client_sdk.matchers",
    "like": "tallystick.client_sdk.matchers",
    "mapping_of": "tallystick.client_sdk.matchers",
    "mock_server_url": "tallystick.client_sdk.matchers",
    "not_empty": "tallystick.client_sdk.matchers",
    "null": "tallystick.client_sdk.matchers",
    "nullable": "tallystick.client_sdk.matchers",
    "number": "tallystick.client_sdk.matchers",
    "one_of": "tallystick.client_sdk.matchers",
    "optional": "tallystick.client_sdk.matchers",
    "regex": "tallystick.client_sdk.matchers",
    "semver": "tallystick.client_sdk.matchers",
    "status_class": "tallystick.client_sdk.matchers",
    "string": "tallystick.client_sdk.matchers",
    "time": "tallystick.client_sdk.matchers",
    "uuid": "tallystick.client_sdk.matchers",
    "binary": "tallystick.client_sdk.content",
    "form": "tallystick.client_sdk.content",
    "json": "tallystick.client_sdk.content",
    "text": "tallystick.client_sdk.content",
    "xml": "tallystick.client_sdk.content",
    "Message": "tallystick.client_sdk.messages",
    "expects": "tallystick.client_sdk.expecting",
    "AsyncBrokerClient": "tallystick.client_sdk.broker_client.client",
    "BrokerClient": "tallystick.client_sdk.broker_client.client",
    "Selector": "tallystick.client_sdk.broker_client.results",
    "BrokerError": "tallystick.client_sdk.broker_client.errors",
    "verify": "tallystick.verifier.api",
    "verify_async": "tallystick.verifier.api",
    "Verifier": "tallystick.verifier.api",
    "CannotVerify": "tallystick.verifier.options",
    "StateHandlers": "tallystick.verifier.handlers",
    "MessageProducers": "tallystick.verifier.messages",
    "ProducedMessage": "tallystick.verifier.messages",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tallystick' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
