#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first program of the virtual machine. It mounts the host's root file system, read-only, with a layer of memory over
# it that takes all writes, and the folder build/ of the checkout for writing; then it goes there.
# Its settings: checkout, build, modules (where the modules of this kernel are, on the host), run (the run's folder).

PATH=/bin
broken() {
    echo "kernel-lab: $*"
    echo o >/proc/sysrq-trigger # switches the machine off
    sleep 60
}

. /lab/settings
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
    insmod "$module" || broken "cannot load ${module##*/}"
done

share() { # share TAG PLACE OPTIONS
    mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2" || broken "cannot mount $1"
}
share host /lower ro,cache=loose
mount -t tmpfs -o mode=755 tmpfs /write
mkdir /write/upper /write/work
mount -t overlay -o lowerdir=/lower,upperdir=/write/upper,workdir=/write/work overlay /new || broken "no overlay"

mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs devtmpfs /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
for place in /new/dev/shm /new/run /new/tmp; do
    mount -t tmpfs -o mode=1777 tmpfs "$place"
done
if [ ! -d "/new$checkout" ]; then # it was below /tmp or /run
    mkdir -p "/new$checkout" /write/checkout /write/checkout-work
    mount -t overlay -o "lowerdir=/lower$checkout,upperdir=/write/checkout,workdir=/write/checkout-work" \
        overlay "/new$checkout" || broken "no overlay for $checkout"
fi
share build "/new$build" cache=mmap
release=$(uname -r)
mkdir -p "/new/lib/modules/$release"
mount --bind "/lower$modules" "/new/lib/modules/$release" || broken "no modules"
umount /proc /sys /dev
exec switch_root /new /bin/sh "$run/guest_main.sh" "$run"
broken "cannot go to the host's file system"
