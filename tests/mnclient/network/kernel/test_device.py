# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.network.datapath import PAYLOAD_RECEIVED, PAYLOAD_SENT
from mnclient.network.kernel.device import Odometer


def read(odometer, received, sent):
    odometer.read({PAYLOAD_RECEIVED: received, PAYLOAD_SENT: sent, "tunnel.in.packets": 3})
    return tuple(odometer.totals().values())


def test_octets_count_on_over_devices():
    odometer = Odometer()
    assert odometer.totals() == {PAYLOAD_RECEIVED: 0, PAYLOAD_SENT: 0}
    assert read(odometer, 100, 10) == (100, 10)
    assert read(odometer, 150, 10) == (150, 10)
    odometer.read({})  # the device is gone
    odometer.read({})
    assert odometer.totals() == {PAYLOAD_RECEIVED: 150, PAYLOAD_SENT: 10}
    assert read(odometer, 7, 0) == (157, 10)  # another one
    assert read(odometer, 3, 5) == (160, 15)  # and another, which nobody saw come
