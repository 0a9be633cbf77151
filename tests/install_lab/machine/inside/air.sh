#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# air.sh: puts access points on the air of the emulated computer. Each is a network namespace with a simulated radio and
# the wired interface of its link, bridged; hostapd serves it (trial-ap@NAME.service). One radio more is left: the laptop's
# own. What there is to build stands in /srv/access-points: the name of the network, the channel, and the hardware address
# of the wired interface, a line each. All of them have the same passphrase.
set -e
points=/srv/access-points
passphrase=throw-away

modprobe -a virtio_net bridge veth tun
modprobe mac80211_hwsim radios=$(($(wc -l <"$points") + 1))

wired() { # HARDWARE-ADDRESS: the name of this interface
    for place in /sys/class/net/*; do
        if [ "$(cat "$place/address")" = "$1" ]; then
            echo "${place##*/}"
            return
        fi
    done
    echo "there is no interface $1" >&2
    return 1
}

radio=0
while read -r name channel address; do
    phy=$(ls /sys/class/ieee80211 | sort -V | head -n 1)
    wireless=$(ls "/sys/class/ieee80211/$phy/device/net")
    wire=$(wired "$address")
    ip netns add "$name"
    iw phy "$phy" set netns name "$name"
    ip link set "$wire" netns "$name"
    ip netns exec "$name" sysctl -q net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n "$name" link add bridge0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    ip -n "$name" link set bridge0 up
    ip -n "$name" link set "$wire" master bridge0 up
    cat >"/run/hostapd-$name.conf" <<END
interface=$wireless
bridge=bridge0
driver=nl80211
ssid=$name
hw_mode=g
channel=$channel
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase=$passphrase
END
    systemctl start "trial-ap@$name.service"
    radio=$((radio + 1))
done <"$points"
echo "$radio access points are on the air"
