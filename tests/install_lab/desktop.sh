#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# desktop.sh FOLDER: a person logs in: a screen, whose content is in FOLDER, a session bus, and the tray starts.
set -e
folder=$1
mkdir -p "$folder/home" "$folder/run"
chmod 700 "$folder/run"
Xvfb :9 -screen 0 1100x820x24 -nolisten tcp -fbdir "$folder" &
export DISPLAY=:9 HOME="$folder/home" XDG_RUNTIME_DIR="$folder/run" QT_QPA_PLATFORM=xcb
until [ -S /tmp/.X11-unix/X9 ]; do sleep 0.2; done
exec dbus-run-session -- mnclient
