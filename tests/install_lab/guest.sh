# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh ROOT PACKAGES PROGRAM...: the first program of the namespaces (mount, process, network and the like) in which
# a throw-away Debian lives. It lays out what a container has, puts the folder PACKAGES at /srv, makes ROOT the root of
# the file system, and becomes PROGRAM. Nothing of the host's kernel settings can be written but those of this network.
set -e
root=$1 packages=$2
shift 2

ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,rw,bind "$root/proc/sys/net"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for device in null:1:3 console:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200; do
    number=${device#*:}
    mknod -m 666 "$root/dev/${device%%:*}" c "${number%:*}" "${number#*:}"
done
ln -s /proc/self/fd "$root/dev/fd"
for stream in stdin:0 stdout:1 stderr:2; do
    ln -s "/proc/self/fd/${stream#*:}" "$root/dev/${stream%:*}"
done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
for place in tmp dev/shm; do
    mount -t tmpfs -o mode=1777 tmpfs "$root/$place"
done
mount --bind "$packages" "$root/srv"
if [ -n "$CGROUPS" ]; then # systemd wants them, and keeps below the one in which it was started
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
fi
hostname throw-away
cd "$root"
pivot_root . mnt
exec chroot . sh -ec 'umount -l /mnt && mount --make-rshared / && exec "$@"' sh "$@"
