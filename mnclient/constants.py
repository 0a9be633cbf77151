# SPDX-License-Identifier: GPL-2.0-or-later
"""Every number of the protocol and of this implementation, each with its unit and its source.

Two blocks: what a specification says, in the specification's own spelling, and what we chose, with the reason.
"""

from typing import Final

from mnclient.units import Seconds

# --- Specification: RFC 6275 sections 12 and 13 -----------------------------------------------------------------------

INITIAL_BINDACK_TIMEOUT: Final = Seconds(1.0)  # section 12
INITIAL_BINDACK_TIMEOUT_FIRST_REG: Final = Seconds(1.5)  # section 13, configurable: leaves the home agent time for DAD
MAX_BINDACK_TIMEOUT: Final = Seconds(32.0)  # section 12
MAX_UPDATE_RATE: Final = 3  # messages per second and destination, section 12
MAX_DELETE_BCE_TIMEOUT: Final = Seconds(10.0)  # section 12: how long a deleted binding's sequence number is remembered
MAX_TOKEN_LIFETIME: Final = Seconds(210.0)  # section 12: how long a keygen token may be used
MAX_NONCE_LIFETIME: Final = Seconds(240.0)  # section 12: how long a correspondent accepts a nonce
MAX_RO_FAILURE: Final = 3  # retries of return routability, section 12
MAX_RR_BINDING_LIFETIME: Final = Seconds(420.0)  # section 12: of a binding at a correspondent
MAX_CGA_BINDING_LIFETIME: Final = Seconds(86400.0)  # RFC 4866 section 6: the same, proven by a generated address
INITIAL_DHAAD_TIMEOUT: Final = Seconds(3.0)  # section 12
DHAAD_RETRIES: Final = 4  # section 12
INITIAL_SOLICIT_TIMER: Final = Seconds(3.0)  # section 12
PREFIX_ADV_RETRIES: Final = 3  # repeats of an unsolicited Mobile Prefix Advertisement, section 12
PREFIX_ADV_TIMEOUT: Final = Seconds(3.0)  # before the first of them, section 12
MIN_MOB_PFX_ADV_INTERVAL: Final = Seconds(600.0)  # section 13, configurable
MAX_MOB_PFX_ADV_INTERVAL: Final = Seconds(86_400.0)  # section 13, configurable
MIN_DELAY_BETWEEN_RAS: Final = Seconds(3.0)  # section 13, configurable; not below 0.03 s
LOWEST_MIN_RTR_ADV_INTERVAL: Final = Seconds(0.03)  # section 7.5
LOWEST_MAX_RTR_ADV_INTERVAL: Final = Seconds(0.07)  # section 7.5
REPLAY_WINDOW: Final = Seconds(7.0)  # RFC 4285 section 6, configurable: how far a timestamp may be from the clock
LEAST_REPLAY_WINDOW: Final = Seconds(3.0)  # RFC 4285 section 6: the window is larger than this
SHORTEST_ROUTER_LIFETIME: Final = Seconds(1.0)  # section 7.5: AdvDefaultLifetime, unless it is 0
LIFETIME_UNIT: Final = Seconds(4.0)  # section 6.1.7: lifetimes of bindings travel in units of 4 s

# --- Specification: RFC 4861, RFC 4862, RFC 7559, RFC 2473, RFC 8200 --------------------------------------------------

MAX_NEIGHBOR_ADVERTISEMENT: Final = 3  # RFC 4861 section 10
MAX_UNICAST_SOLICIT: Final = 3  # RFC 4861 section 10
MAX_RTR_SOLICITATION_DELAY: Final = Seconds(1.0)  # RFC 4861 section 10
MAX_RA_DELAY_TIME: Final = Seconds(0.5)  # RFC 4861 section 10: a router's random delay before it answers
RETRANS_TIMER: Final = Seconds(1.0)  # RFC 4861 section 10, in seconds
DUP_ADDR_DETECT_TRANSMITS: Final = 1  # RFC 4862 section 5.1
DEFAULT_MIN_RTR_ADV_INTERVAL: Final = Seconds(200.0)  # RFC 4861 section 6.2.1
DEFAULT_MAX_RTR_ADV_INTERVAL: Final = Seconds(600.0)  # RFC 4861 section 6.2.1
SOLICIT_IRT: Final = Seconds(4.0)  # RFC 7559 section 2: first interval between Router Solicitations
SOLICIT_MRT: Final = Seconds(3600.0)  # RFC 7559 section 2: ceiling of the interval
TWO_HOURS: Final = Seconds(7200.0)  # RFC 4862 section 5.5.3 e
IDGEN_RETRIES: Final = 3  # RFC 7217 section 7
TEMP_IDGEN_RETRIES: Final = 3  # RFC 8981 section 3.8
TEMP_VALID_LIFETIME: Final = Seconds(172800.0)  # RFC 8981 section 3.8
TEMP_PREFERRED_LIFETIME: Final = Seconds(86400.0)  # RFC 8981 section 3.8
IPV6_MINIMUM_MTU: Final = 1280  # octets, RFC 8200 section 5
IPV6_HEADER_LENGTH: Final = 40  # octets, RFC 8200 section 3; what a tunnel adds (RFC 2473)
ND_HOP_LIMIT: Final = 255  # RFC 4861: proof that a packet was not forwarded
PROTOCOL_TCP: Final = 6
PROTOCOL_UDP: Final = 17
PROTOCOL_IPV6: Final = 41  # IPv6 in IPv6
PROTOCOL_ICMPV6: Final = 58
PROTOCOL_MOBILITY: Final = 135

# --- Implementation ---------------------------------------------------------------------------------------------------

DEFAULT_REGISTRATION_LIFETIME: Final = Seconds(600.0)  # short enough that a lost laptop frees its address the same hour
REFRESH_FRACTION: Final = 0.75  # a binding is refreshed when this much of its lifetime has gone
BETTER_ROUTER_PROBE_INTERVAL: Final = Seconds(60.0)  # RFC 4191 section 3.5: once a minute at most
ROUTER_PROBE_INTERVAL: Final = Seconds(0.2)  # between unicast probes of a router in doubt: a link is 0.2 s long at most
MISSED_ADVERTISEMENTS: Final = 3  # Advertisement Intervals without an RA before the router is in doubt
MINIMUM_DOUBT: Final = Seconds(0.3)  # and never sooner than this: a busy router may skip a beat
DEFAULT_ROUTE_GRACE: Final = Seconds(10.0)  # how long new connections wait for a silent home agent before going direct
MAX_ROUTERS_PER_INTERFACE: Final = 16  # bounds memory when a link is flooded with advertisements
MAX_PREFIXES_PER_ROUTER: Final = 16
MAX_ROUTES_PER_ROUTER: Final = (
    16  # more specific routes (RFC 4191); each is one of the kernel in the table of an interface
)
MAX_NAME_SERVERS: Final = 4  # of a router: no resolver asks more than three
MAX_TRAFFIC_RULES: Final = 64  # each is a rule of the kernel, which goes through them for every packet without a source
MAX_INTERFACES: Final = 64
# A preferred interface that comes and goes costs one move in half a minute at most, and nobody waits longer for it once
# the cable holds: a wait of minutes looks like a defect.
MAX_INTERFACE_PATIENCE: Final = Seconds(30.0)  # how long one that has flapped must last until it is used
MAX_HOME_ADDRESSES: Final = 16
MAX_HANDOVERS: Final = 200  # handover records kept
MAX_HELD_PACKETS: Final = 512  # per tunnel, while it has no far end
MAX_BINDINGS: Final = 20_000  # default cap of the home agent
MAX_CORRESPONDENT_BINDINGS: Final = 1_000  # default cap of the correspondent node
NONCE_INTERVAL: Final = Seconds(30.0)  # a correspondent's nonce is given out this long: 240 s less the 210 s of a token
SHORTEST_NONCE_INTERVAL: Final = Seconds(2.0)  # between nonces, even when bindings are deleted: bounds their number
DISCOVERY_ANSWER_RATE: Final = 50  # answers of a home agent to what anybody may have sent, per second
MAX_HOME_AGENTS_KEPT: Final = 16  # of a home prefix, by a mobile node, in the order of the reply
MAX_HOME_PREFIXES: Final = 32  # of a home link: bounds memory when it is flooded with advertisements
CORRESPONDENT_ANSWER_RATE: Final = 200  # answers of a correspondent to what anybody may have sent, per second
REFRESH_REQUEST_LEAD: Final = Seconds(30.0)  # before a correspondent's binding ends: enough for return routability
SHORTEST_REFRESH_LEAD: Final = Seconds(4.0)  # later than this it is no use to ask any more
BINDING_IN_USE: Final = Seconds(60.0)  # since the last packet of payload: longer ago, a binding is left to expire
MAX_CORRESPONDENTS: Final = 256  # a mobile node keeps for each home address: bounds memory if triggers are forged
MAX_REMEMBERED_CORRESPONDENTS: Final = 64  # that did or did not answer, kept over restarts
CORRESPONDENT_HEARD_INTERVAL: Final = Seconds(5.0)  # a pair is reported by the datapath once in this time at most
# A mobile node with two interfaces sends from the old one until it has our answer, the first of which may be lost.
PREVIOUS_CARE_OF_ACCEPTED: Final = Seconds(4.0)  # by the home agent, as source of tunnelled packets
MAX_HOME_AGENTS_LISTED: Final = 64  # per home link
MAX_KNOWN_HOME_AGENTS: Final = 32  # the list shown to the person
MAX_BINDING_LIFETIME: Final = Seconds(262_140.0)  # what 16 bits of 4 s can say
BINDING_ERROR_RATE: Final = 10  # Binding Errors and ICMPv6 errors we send, per second

# Our marks on what we put into the kernel, so that it can be found again, and nobody else's is touched.
ROUTE_PROTOCOL: Final = 135  # rtm_protocol and ifa_proto of ours: the Mobility Header's number, unused as either
INTERFACE_PREFIX: Final = "mn6"  # names of our devices begin so
TUNNEL_DEVICE_MOBILE_NODE: Final = "mn6home"
TUNNEL_DEVICE_HOME_AGENT: Final = "mn6agent"
TUNNEL_DEVICE_KERNEL: Final = "mn6tunnel"  # stands for both where the kernel does the tunnelling
HOLDING_DEVICE: Final = "mn6hold"  # where packets wait while a tunnel of the kernel has no far end
TABLE_HOME_BASE: Final = 627500  # + index of the home address
TABLE_CARE_OF_BASE: Final = 627600  # + index of the interface in the engine
RULE_KEY_MANAGEMENT: Final = 6269  # IKE with a home agent: from the care-of address, never through the tunnel
RULE_FROM_HOME: Final = 6270  # from a home address: its own table
RULE_FROM_CARE_OF: Final = 6271  # from a care-of address: the router that advertised it (RFC 8028)
RULE_TO_HOME: Final = 6272  # to the home prefix: away the main table may be wrong, at home it names no source
RULE_TRAFFIC: Final = 6273  # what uses the care-of address on purpose
RULE_ON_LINK: Final = 6274  # main table without its default routes: neighbours are reached directly
RULE_DEFAULT: Final = 6275  # everything else: through the preferred home address
NFTABLES_TABLE: Final = "mnclient"
PACKET_MARK: Final = 0x6D6E36  # of a packet between two of our nftables rules; gone before anybody else sees it
LOG_GROUP: Final = 6275  # NFLOG: first packets, their headers only
XFRM_REQID: Final = 6275  # of our transformation states and templates
XFRM_PRIORITY: Final = 6275  # of our transformation policies; of those for signalling, one less
XFRM_PRIORITY_PROTECTED: Final = 6272  # of those that have signalling encrypted: before all others of ours
XFRM_PRIORITY_PROTECTED_TUNNEL: Final = 6273  # of those that have Mobility Headers in the tunnel encrypted
DECRYPTED_MARK: Final = 0x6D366572  # of packets that came under one of our security associations, plus its SPI's parity
XFRM_PRIORITY_PAYLOAD: Final = 6276  # of those that have payload encrypted: behind all others of ours

# Multicast membership through a tunnel
LISTENER_ROBUSTNESS: Final = 2  # RFC 3810 section 9.1
LISTENER_QUERY_INTERVAL: Final = Seconds(125.0)  # RFC 3810 section 9.2
LISTENER_STARTUP_QUERY_INTERVAL: Final = Seconds(LISTENER_QUERY_INTERVAL / 4)  # RFC 3810 section 9.6
LISTENER_QUERY_RESPONSE_INTERVAL: Final = Seconds(10.0)  # RFC 3810 section 9.3
LISTENING_INTERVAL: Final = Seconds(
    LISTENER_ROBUSTNESS * LISTENER_QUERY_INTERVAL + LISTENER_QUERY_RESPONSE_INTERVAL
)  # RFC 3810 section 9.4
MAX_GROUPS_PER_HOME_ADDRESS: Final = 64  # ours: what one mobile node may cost its home agent
