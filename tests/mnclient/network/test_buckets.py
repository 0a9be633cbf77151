# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.network.buckets import (
    MAX_SOURCES,
    SILENCE,
    SOURCE_BURST,
    SOURCE_RATE,
    STRANGERS_BURST,
    STRANGERS_RATE,
    Bucket,
    SourceLimit,
)


def test_a_bucket_lets_its_burst_through_and_then_its_rate():
    bucket = Bucket(rate=10, burst=5)
    assert sum(bucket.permits(100.0) for _ in range(50)) == 5
    assert sum(bucket.permits(100.0 + step / 100) for step in range(1, 101)) in (9, 10)
    assert sum(bucket.permits(1000.0) for _ in range(50)) == 5


def test_one_source_is_limited():
    limit = SourceLimit()
    passed = sum(limit.permits("eth0", b"router", step / 1000) for step in range(2000))
    assert SOURCE_BURST <= passed <= SOURCE_BURST + 2 * SOURCE_RATE + 1


def test_a_router_may_advertise_as_often_as_the_protocol_allows():
    limit = SourceLimit()
    assert all(limit.permits("eth0", b"router", step * 0.03) for step in range(10_000))


def flood(limit: SourceLimit, start: float, seconds: float, *, rate: int = 5000, repeats: int = 1) -> int:
    sources = (b"forged%d" % (step // repeats) for step in range(int(seconds * rate)))
    return sum(limit.permits("eth0", source, start + step / rate) for step, source in enumerate(sources))


def test_forged_sources_share_one_limit_and_a_bounded_table():
    limit = SourceLimit()
    assert flood(limit, 0.0, 4.0) <= STRANGERS_BURST + 4 * STRANGERS_RATE + 1
    assert len(limit) <= MAX_SOURCES


def test_a_router_known_before_gets_through_a_flood():
    for repeats in (1, 2, 5):
        limit = SourceLimit()
        assert limit.permits("eth0", b"router", 0.0)
        assert limit.permits("eth0", b"router", 3.0)
        flood(limit, 4.0, 4.0, repeats=repeats)
        assert limit.permits("eth0", b"router", 8.0)
        assert len(limit) <= MAX_SOURCES


def test_the_place_of_a_source_that_fell_silent_is_free_again():
    limit = SourceLimit()
    for number in range(MAX_SOURCES):
        for step in range(2):
            limit.permits("eth0", b"old%d" % number, number + step / 10)
    later = MAX_SOURCES + 2 * SILENCE
    limit.permits("eth0", b"router", later)
    limit.permits("eth0", b"router", later + 1)
    flood(limit, later + 2, 1.0)
    assert limit.permits("eth0", b"router", later + 3)


def test_interfaces_do_not_share_their_limits():
    limit = SourceLimit()
    flood(limit, 0.0, 1.0)
    assert not limit.permits("eth0", b"newcomer", 1.0) or limit.permits("eth1", b"newcomer", 1.0)
    assert limit.permits("eth1", b"other", 1.0)
    limit.forget("eth0")
    assert limit.permits("eth0", b"newcomer", 1.0)
    assert len(limit) <= 3
