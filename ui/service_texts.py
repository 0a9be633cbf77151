# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service says in its own words and the tray repeats: reasons, and errors with their hints.

They come as English sentences in which things are filled in already. Each is known here by its template, so that
`tr` finds the translation of the whole. A sentence that is not here is shown as it came.
"""

from typing import Final

from ui.texts import mark

REASONS: Final = (
    mark("heard once on this network"),
    mark("heard {times} times on this network"),
    mark("hardware address of {interface} (EUI-64)"),
    mark("interface identifier in use on {interface}"),
    mark("chosen in the settings"),
    mark("packets go directly only on the kernel datapath"),
    mark("kernel lacks XFRM"),
    mark("kernel lacks Mobile IPv6 (CONFIG_IPV6_MIP6)"),
    mark("the kernel refuses transformations: {reason}"),
    mark("this machine is not a mobile node"),
    mark("location privacy is on"),
    mark("the settings say never"),
    mark("the settings allow it with nobody"),
    mark("route optimisation is switched off"),
    mark("the settings for this correspondent do not allow it"),
    mark("only the correspondents named in the settings are talked to directly"),
    mark("a traffic rule sends everything to this address from the care-of address"),
    mark("not possible here"),
    mark("it did not take part the last time"),
    mark("its turn has not come yet"),
    mark("it has lost the binding"),
    mark("this system refused the direct route"),
    mark("it accepts none of its own tokens"),
    mark("it does not answer"),
    mark("the test through the home agent is not answered"),
    mark("the test from this network is not answered"),
    mark("it does not acknowledge"),
    mark("it accepts no sequence number"),
    mark("it accepts, but for no time at all"),
    mark("the kernel has no IPv6, or was started with ipv6.disable=1"),
    mark("net.ipv6.conf.all.disable_ipv6 is 1"),
)

ANSWERS: Final = (
    mark("{verdict}, for a reason this program does not know (status {status})"),
    mark("accepted, but the home prefixes have changed"),
    mark("rejected without a reason"),
    mark("not allowed by the administrator"),
    mark("there is no room for another binding"),
    mark("this node is not a home agent"),
    mark("the home address does not belong to the home agent's network"),
    mark("the home agent does not serve this mobile node"),
    mark("another node at home already uses the home address"),
    mark("the sequence number is not newer than the last one"),
    mark("the home keygen token has expired"),
    mark("the care-of keygen token has expired"),
    mark("both keygen tokens have expired"),
    mark("the kind of registration cannot be changed"),
    mark("the care-of address cannot be used"),
    mark("the time stamp does not match the home agent's clock"),
    mark("the home agent asks for a time stamp"),
    mark("the home agent could not verify the authentication"),
)
"""What a home agent or a correspondent said."""

ERRORS: Final = (
    mark("The mnclient service is not running"),
    mark("The mnclient service has ended"),
    mark("The service did not answer within {seconds} s"),
    mark("There is no message bus at {address} ({reason})"),
    mark("The bus does not let this user call the service"),
    mark("Permission {action} was not given"),
    mark("Permission {action} was not given, because polkit does not answer on this bus"),
    mark("The list of known home agents is full"),
    mark("{address} is not a known home agent"),
    mark("{address} is not a home address of this machine"),
    mark("{address} is not proposed"),
    mark("{address} is not on trial by this program"),
    mark("{address} is only on trial"),
    mark("{address} is a home address already"),
    mark("{address} is the home agent itself"),
    mark("{address} is outside the home prefix {prefix}"),
    mark("{address} is outside the home prefix of {home_agent}"),
    mark("{address} is the anycast address of all routers"),
    mark("{address} is not a unicast routable address"),
    mark("There are {limit} home addresses, and more are not possible"),
    mark("There is no interface {name}"),
    mark("There are {limit} keys, and more are not possible"),
    mark("There is no key of {home_address} at {home_agent} with the outgoing SPI {spi}"),
    mark("The key with the outgoing SPI {spi} belongs to {whose}"),
    mark("The incoming SPI {spi} is in use for {home_address}"),
    mark("The keys cannot be changed, because of {file}: {reason}"),
    mark("The secret has {count} octets, which is not right for {algorithm} (secret)"),
    mark("Too many programs follow the protocol log"),
    mark("This is too large for an invitation"),
    mark("This is not text"),
    mark("This is not an invitation"),
    mark("This is not an invitation, or was damaged"),
    mark("The field {name} is missing"),
    mark("The value of {name} cannot be used"),
)

HINTS: Final = (
    mark("start it: systemctl start mnclientd"),
    mark("start it: systemctl start mnclientd, or name the bus it is on with --bus"),
    mark("start it, or name another one with --bus"),
    mark("restart it: systemctl restart mnclientd"),
    mark("restart the service, so that it and this program have the same version"),
    mark("do it as root"),
    mark("confirm it with a password when asked, or do it as root"),
    mark("ask the administrator of this machine, or do it as root"),
    mark("remove one that is pinned first"),
    mark("remove one first"),
    mark("remove one of them first: {known}"),
    mark("remove it first, or choose another SPI"),
    mark("choose another number from 256 on, also at the home agent"),
    mark("let only the service read and write it and its folder (chmod 600 and 700), then: systemctl reload mnclientd"),
    mark("choose an address in {prefix}"),
    mark("choose another in {prefix}"),
    mark("choose another address in {prefix}"),
    mark("link-local, multicast, loopback and unspecified addresses cannot be one"),
    mark("keep it first"),
    mark("nothing has to be done"),
    mark("known are: {known}"),
    mark("there is none"),
    mark("close one of them"),
    mark("{count} octets ({digits} hexadecimal digits)"),
    mark("accepted: {accepted}"),
)

ALGORITHMS: Final = (
    mark("AES-GCM with 128 bits"),
    mark("AES-GCM with 256 bits"),
    mark("AES-CBC with {bits} bits, HMAC-SHA-{digest}"),
)

TEMPLATES: Final = (*REASONS, *ANSWERS, *ERRORS, *HINTS, *ALGORITHMS)
