# SPDX-License-Identifier: GPL-2.0-or-later
"""Which timer means what to the mobile-node role."""

from typing import Final

from mnclient.engine.mobile_node.home_registration import Input
from mnclient.engine.timers import Timer

REGISTRATION_INPUTS: Final = {
    Timer.RETRANSMIT_BINDING_UPDATE: Input.TIMED_OUT,
    Timer.REFRESH_BINDING: Input.REFRESH,
    Timer.BINDING_EXPIRES: Input.EXPIRED,
    Timer.RETRY_REFUSED: Input.RETRY,
    Timer.REPEAT_ADVERTISEMENT: Input.ADVERTISE,
}
ENDINGS: Final = (Timer.BINDING_EXPIRES, Timer.ROUTER_EXPIRES, Timer.CORRESPONDENT_EXPIRES)
