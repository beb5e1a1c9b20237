#!/bin/sh
# Take away what deploy/install.sh installed. Run as root.
#
#     deploy/uninstall.sh [--dry-run] [--purge]
#
# Settings, events and cached models stay, and so does the user who owns them; --purge removes them.
set -eu

units=/etc/systemd/system
dry=
purge=
for argument; do
  case "$argument" in
    --dry-run) dry=yes ;;
    --purge) purge=yes ;;
    *)
      echo "usage: $0 [--dry-run] [--purge]" >&2
      exit 2
      ;;
  esac
done

run() {
  echo "+ $*"
  [ -n "$dry" ] || "$@"
}

if [ -z "$dry" ] && [ "$(id -u)" != 0 ]; then
  echo "error: this needs root: run it with sudo" >&2
  exit 1
fi

if [ -d /run/systemd/system ] && [ -e "$units/edge-emotion.service" ]; then
  run systemctl disable --now edge-emotion.service
fi
for place in man/man1 bash-completion/completions zsh/site-functions fish/vendor_completions.d; do
  run rm -f "/usr/local/share/$place"/*edge-emotion*
done
run rm -rf "$units/edge-emotion.service" "$units/edge-emotion.service.d" /opt/edge-emotion
[ ! -d /run/systemd/system ] || run systemctl daemon-reload
if [ -n "$purge" ]; then
  run rm -rf /etc/edge-emotion /var/lib/edge-emotion /var/cache/edge-emotion
  if getent passwd edge-emotion >/dev/null; then
    run userdel edge-emotion
  fi
fi
