#!/bin/sh
# engine.sh FOLDER ID: runs dockerd in a lab's network namespace, and in process and mount
# namespaces of its own. It ends with its standard input, which the tests hold open: so however they
# end, it does, too, and with it every container.
set -u
folder=$1
id=$2

# `ip netns exec` would hide the control groups, which the engine needs. On /run an engine finds a
# running containerd, a bus of systemd and locks: they are others'.
nsenter --net="/run/netns/$id-engine" \
  unshare --mount --pid --fork --kill-child --mount-proc sh -c '
    mount -t tmpfs run /run
    dockerd --config-file "$1/daemon.json" &
    cat >/dev/null
    kill "$!"
    wait "$!"
  ' engine "$folder"

# Ended gently it leaves one empty control group, killed some more, which are in use for a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  groups=$(find /sys/fs/cgroup -depth -type d -path "*/$id*")
  [ -n "$groups" ] || break
  # shellcheck disable=SC2086 # one word a group
  rmdir $groups 2>/dev/null || sleep 0.2
done
# A mount that the engine left must not lead out of its folder.
rm -rf --one-file-system "$folder/data" "$folder/exec"
