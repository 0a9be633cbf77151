# SPDX-License-Identifier: GPL-2.0-or-later
#
# The second program of the virtual machine, on the host's file system: runs the command, tells how it ended, and switches
# the machine off. Its argument is the run's folder, which both sides see.

run=$1
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
hostname kernel-lab 2>/dev/null
ip link set lo up
modprobe -a tun veth ip6_tunnel # nothing asks for /dev/net/tun; everything else is loaded when it is used

while :; do # a machine that hangs stops doing this
    : >"$run/alive"
    sleep 5
done &

echo "kernel-lab: running the command"
: >"$run/started"
setsid sh "$run/command.sh" </dev/null >>"$run/stdout" 2>>"$run/stderr"
status=$?
echo "$status" >"$run/status.part"
mv "$run/status.part" "$run/status"
echo "kernel-lab: the command ended with $status"
echo o >/proc/sysrq-trigger
sleep 60
