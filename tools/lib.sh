# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Shared by the scripts in this folder; sourced, not run.

say() { printf '%s\n' "$@" >&2; } # a line for each argument

stop() { # the user has to do something first
    say "$@"
    exit 2
}

# quietly WHAT COMMAND...: says what is done; shows the command's own words only if it fails.
quietly() {
    local what=$1 log status=0
    shift
    log=$(mktemp)
    say "$what ..."
    "$@" >"$log" 2>&1 </dev/null 9<&- || status=$?
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
        say "failed: $* (exit status $status)"
    fi
    rm -f "$log"
    return "$status"
}

# When root works in somebody's checkout (sudo make demo): what it made there is theirs, or they could not go on.
give_back() {
    local owner
    [ -z "${MNCLIENT_EMULATED-}" ] || return 0 # in the virtual machine: done outside, when it has ended
    owner=$(stat -c %u:%g .)
    if [ "$(id -u)" -ne 0 ] || [ "${owner%:*}" -eq 0 ]; then
        return
    fi
    find . -name .git -prune -o \
        \( -name .venv -o -name build -o -name '.*_cache' -o -name .hypothesis -o -name __pycache__ -o -name '*.egg-info' \) \
        -prune -print0 | xargs -0rI{} find {} -user root -print0 | xargs -0r chown -h "$owner"
}

# Prints the first Python of at least 3.11 that can make virtual environments; fails if there is none.
find_python() {
    local candidate
    for candidate in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
        command -v "$candidate" >/dev/null || continue
        if "$candidate" -c 'import sys; assert sys.version_info >= (3, 11); import ensurepip, venv' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}
