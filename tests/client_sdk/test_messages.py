"""Handlers get what the contract promises; senders are held to what it says."""

import pytest

import tallystick as t


@pytest.fixture
def events():
    return t.Consumer("billing").has_contract_with("orders")


def recorded(recordings):
    return [one.interaction.description for file in recordings._files.values() for one in file.recorded.values()]


def test_a_handler_gets_contents_and_metadata_and_the_message_is_recorded(events, recordings):
    events.expects_message("an order was paid").given("order 7 is paid").with_contents(
        {"id": t.integer(7), "note": t.optional("hi")},
        metadata={"topic": "orders", "key": t.regex(r"\d+", example="7")},
    )

    with events.deliver() as delivery:
        message = delivery.message

    assert message.json() == {"id": 7, "note": "hi"}
    assert message.metadata == {"topic": "orders", "key": "7", "contentType": "application/json"}
    assert message.headers() == [("topic", b"orders"), ("key", b"7"), ("contentType", b"application/json")]
    assert recorded(recordings) == ["an order was paid"]
    interaction = next(iter(recordings._files.values())).recorded
    contents = next(iter(interaction.values())).interaction.contents
    assert contents.body.content == b'{"id":7}'
    assert sorted(contents.rules["metadata"]) == ["key"]


def test_bytes_are_delivered_as_they_are(events):
    events.expects_message("a blob").with_contents(b"\x00\xff", metadata={"contentType": "application/x-protobuf"})

    with events.deliver() as delivery:
        [message] = list(delivery)

    assert (message.content, message.content_type) == (b"\x00\xff", "application/x-protobuf")


def test_a_message_that_no_handler_took_fails_the_test(events, recordings):
    events.expects_message("ignored").with_contents({"a": 1})

    with pytest.raises(t.MessageNotKept, match='no handler was given "ignored"'), events.deliver():
        pass

    assert recorded(recordings) == []


def test_a_handler_that_fails_fails_the_test_and_nothing_is_recorded(events, recordings):
    events.expects_message("bad").with_contents({"a": 1})

    with pytest.raises(KeyError), events.deliver() as delivery:
        delivery.message.json()["b"]

    assert recorded(recordings) == []


def test_generated_values_are_fresh_in_each_delivery(events):
    events.expects_message("random").with_contents({"id": t.uuid(generate=True)})

    with events.deliver() as delivery:
        assert delivery.message.json()["id"] != t.uuid().example


def test_an_exchange_answers_the_described_message_and_refuses_others(events, recordings):
    events.expects_exchange("a price question").with_request(
        {"sku": t.string("A")}, metadata={"topic": "prices"}
    ).will_respond_with({"price": t.decimal(1.5)}).will_respond_with({"end": True})

    with events.exchange() as exchange:
        with pytest.raises(t.MessageNotKept, match="a message that the contract does not have"):
            exchange.send({"sku": 1, "more": 2}, metadata={"topic": "prices"})
        with pytest.raises(t.MessageNotKept, match="topic"):
            exchange.send({"sku": "B"}, metadata={"topic": "other"})
        answers = exchange.send({"sku": "B"}, metadata={"topic": "prices"})

    assert [answer.json() for answer in answers] == [{"price": 1.5}, {"end": True}]
    assert recorded(recordings) == ["a price question"]


def test_an_exchange_that_was_never_sent_fails_the_test(events):
    events.expects_exchange("silent").with_request({"a": 1}).will_respond_with({"b": 1})

    with pytest.raises(t.MessageNotKept, match='never sent the request of "silent"'), events.exchange():
        pass
