#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first program of the virtual machine. It mounts the host's root file system, read-only, with a layer of memory over
# it that takes all writes, and the folder build/ of the checkout for writing; then it goes there.
# Its settings: checkout, build, modules (where the modules of this kernel are, on the host), run (the run's folder).

b=/bin/busybox
broken() {
    echo "kernel-lab: $*"
    $b poweroff -f
}

. /lab/settings
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
    $b insmod "$module" || broken "cannot load ${module##*/}"
done

share() { # share TAG PLACE OPTIONS
    $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2" || broken "cannot mount $1"
}
share host /lower ro,cache=loose
$b mount -t tmpfs -o mode=755 tmpfs /write
$b mkdir /write/upper /write/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/write/upper,workdir=/write/work overlay /new || broken "no overlay"

$b mount -t proc proc /new/proc
$b mount -t sysfs sysfs /new/sys
$b mount -t devtmpfs devtmpfs /new/dev
$b mkdir -p /new/dev/pts /new/dev/shm
$b mount -t devpts devpts /new/dev/pts
for place in /new/dev/shm /new/run /new/tmp; do
    $b mount -t tmpfs -o mode=1777 tmpfs "$place"
done
if [ ! -d "/new$checkout" ]; then # it was below /tmp or /run
    $b mkdir -p "/new$checkout" /write/checkout /write/checkout-work
    $b mount -t overlay -o "lowerdir=/lower$checkout,upperdir=/write/checkout,workdir=/write/checkout-work" \
        overlay "/new$checkout" || broken "no overlay for $checkout"
fi
share build "/new$build" cache=mmap
release=$($b uname -r)
$b mkdir -p "/new/lib/modules/$release"
$b mount --bind "/lower$modules" "/new/lib/modules/$release" || broken "no modules"
$b umount /proc /sys /dev
exec $b switch_root /new /bin/sh "$run/guest_main.sh" "$run"
broken "cannot go to the host's file system"
