#!/bin/sh
# Makes an image that functions for provided.al2023 run in where AWS's own cannot be pulled: a shell, what SAM needs to build
# on it, and the authorities. It is not Amazon Linux, and its name says so.
#
#   stand_in.sh NAME
set -eu

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/bin" "$root/etc/ssl/certs" "$root/var/task" "$root/var/runtime" "$root/opt" "$root/tmp"
for program in sh mv chmod; do
  file=$(readlink -f "$(command -v "$program")")
  install -D "$file" "$root/bin/$program"
  ldd "$file" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$(readlink -f "$library")" "$root$library"
  done
done
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

tar -C "$root" -c . | docker import --change 'ENV PATH=/usr/bin:/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
  --change 'WORKDIR /var/task' - "$1" >/dev/null
