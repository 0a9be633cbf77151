#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first program of the emulated computer: loads what its disks need, mounts them, and becomes systemd. The first disk
# is the throw-away system, the second has the modules of the kernel, so that they are no part of it.

PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
    insmod "$module" || echo "install-lab: cannot load ${module##*/}"
done
mount -t ext4 -o noatime /dev/vda /new || echo "install-lab: no root"
mount -t ext4 -o ro /dev/vdb "/new/usr/lib/modules" || echo "install-lab: no modules"
umount /proc /sys /dev
exec switch_root /new /lib/systemd/systemd
