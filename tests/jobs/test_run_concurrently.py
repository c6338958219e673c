from collections.abc import Iterator

from poller.jobs.run_concurrently import run_concurrently


def test_every_item_is_done():
    done: list[int] = []

    whole = run_concurrently(lambda item: done.append(item) or True, range(2500))

    assert whole
    assert sorted(done) == list(range(2500))


def test_the_later_items_are_left_once_one_cannot_be_done():
    asked: list[int] = []

    whole = run_concurrently(lambda item: asked.append(item) or item != 10, range(1_000_000))

    assert not whole
    assert len(asked) <= 1000


def test_a_million_items_are_not_taken_at_once():
    done: list[int] = []
    ahead: list[int] = []

    def items() -> Iterator[int]:
        for item in range(5000):
            ahead.append(item - len(done))
            yield item

    run_concurrently(lambda item: done.append(item) or True, items())

    assert max(ahead) <= 1000


def test_without_items_all_is_done():
    assert run_concurrently(lambda _: False, [])
