# SPDX-License-Identifier: GPL-2.0-or-later
"""Which timer means what to the mobile-node role."""

from typing import Final

from mnclient.engine.mobile_node.home_registration import Input
from mnclient.engine.mobile_node.movement import Movement
from mnclient.engine.timers import Timer

REGISTRATION_INPUTS: Final = {
    Timer.RETRANSMIT_BINDING_UPDATE: Input.TIMED_OUT,
    Timer.REFRESH_BINDING: Input.REFRESH,
    Timer.BINDING_EXPIRES: Input.EXPIRED,
    Timer.RETRY_REFUSED: Input.RETRY,
    Timer.REPEAT_ADVERTISEMENT: Input.ADVERTISE,
}
LINK_TIMERS: Final = {
    Timer.SOLICIT_ROUTERS: Movement.solicit_due,
    Timer.PROBE_ROUTER: Movement.probe_due,
    Timer.ROUTER_IN_DOUBT: Movement.doubt_due,
    Timer.ROUTER_EXPIRES: Movement.router_expired,
    Timer.PREFIX_EXPIRES: Movement.prefix_expired,
}
ENDINGS: Final = (Timer.BINDING_EXPIRES, Timer.ROUTER_EXPIRES, Timer.CORRESPONDENT_EXPIRES)
