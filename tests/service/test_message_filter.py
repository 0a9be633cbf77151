# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from service.contract import InvalidArgument
from service.message_feed import logged
from service.message_filter import message_filter
from tests.service.samples_of_messages import filled

MESSAGES = [logged(each) for each in filled().after(0, 100)]  # RA, BU, BA, broken BU


@pytest.mark.parametrize(
    "words, numbers",
    [
        ([], [1, 2, 3, 4]),
        (["BU"], [2, 4]),
        (["bindingupdate"], [2, 4]),
        (["BU", "BA"], [2, 3, 4]),
        (["BU", "out"], [2]),
        (["in"], [1, 3, 4]),
        (["in", "OUT"], [1, 2, 3, 4]),
        (["malformed"], [4]),
        (["malformed", "BA"], []),
        (["2001:db8:1::1"], [1, 2, 3, 4]),  # an end, or the router of an advertisement
        (["2001:db8:1::10"], [2, 3]),  # the home address, in a field
        (["fe80::/10"], [1]),
        (["fe80::1", "2001:db8:1::10", "in"], [1, 3]),
    ],
)
def test_words(words, numbers):
    wanted = message_filter(words)
    assert [each.number for each in MESSAGES if wanted(each)] == numbers


@pytest.mark.parametrize("word", ["", "BX", "192.0.2.1", "2001:db8::/129", "eth0", "BU,BA", "\udcff", "x" * 1000])
def test_nonsense_is_refused_with_what_would_be_accepted(word):
    with pytest.raises(InvalidArgument) as caught:
        message_filter(["BU", word])
    assert "BU, BA" in caught.value.hint
    assert "prefix" in caught.value.hint
