#!/bin/sh
# Install edge-emotion as a service that starts at boot. Run as root; run again to update.
#
#     deploy/install.sh [--dry-run]
#
# Makes the user edge-emotion, a virtual environment in /opt/edge-emotion with the package of this
# clone (or of the wheel that EDGE_EMOTION_PACKAGE names), manual pages and completion for bash, zsh and
# fish in /usr/local/share, settings in /etc/edge-emotion that later runs leave alone, and the service.
# deploy/uninstall.sh takes it away again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=/opt/edge-emotion
settings=/etc/edge-emotion
units=/etc/systemd/system
share=/usr/local/share
extras=${EDGE_EMOTION_EXTRAS:-cpu,mqtt,serve,video}
venv_options=${EDGE_EMOTION_VENV_OPTIONS:-}
package=${EDGE_EMOTION_PACKAGE:-$(dirname "$here")}

dry=
case "${1:-}" in
  '') ;;
  --dry-run) dry=yes ;;
  *)
    echo "usage: $0 [--dry-run]" >&2
    exit 2
    ;;
esac

run() {
  echo "+ $*"
  [ -n "$dry" ] || "$@"
}

fail() {
  echo "error: $1: $2" >&2
  exit 1
}

[ -n "$dry" ] || [ "$(id -u)" = 0 ] || fail "this needs root" "run it with sudo"
command -v python3 >/dev/null || fail "there is no python3" "apt-get install python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "$(python3 --version) is too old" "Python 3.10 or newer is needed"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
  fail "python3 has no venv" "apt-get install python3-venv"

getent group video >/dev/null || run groupadd --system video
if ! getent passwd edge-emotion >/dev/null; then
  run useradd --system --user-group --no-create-home --home-dir /var/lib/edge-emotion \
    --shell /usr/sbin/nologin --groups video edge-emotion
fi

if [ ! -x "$root/bin/python" ]; then
  # shellcheck disable=SC2086 # several options
  run python3 -m venv $venv_options "$root"
fi
run "$root/bin/pip" install --disable-pip-version-check --upgrade "$package[$extras]"
# pip keeps an installed package of the same version, which a clone may have changed under.
[ ! -d "$package" ] ||
  run "$root/bin/pip" install --disable-pip-version-check --force-reinstall --no-deps "$package"

# man and shells look there; the wheel has put both beside its program.
for place in man/man1 bash-completion/completions zsh/site-functions fish/vendor_completions.d; do
  run install -d "$share/$place"
  run ln -sf "$root/share/$place"/*edge-emotion* "$share/$place/"
done

run install -d -m 0750 -o root -g edge-emotion "$settings"
if [ ! -e "$settings/environment" ]; then
  run install -m 0640 -o root -g edge-emotion "$here/systemd/environment" "$settings/environment"
fi

run install -m 0644 "$here/systemd/edge-emotion.service" "$units/edge-emotion.service"
if [ -n "${EDGE_EMOTION_DROP_IN:-}" ]; then
  run install -d "$units/edge-emotion.service.d"
  run install -m 0644 "$EDGE_EMOTION_DROP_IN" "$units/edge-emotion.service.d/"
fi

if [ -d /run/systemd/system ]; then
  run systemctl daemon-reload
  run systemctl enable edge-emotion.service
  run systemctl restart edge-emotion.service
else
  echo "systemd does not run here: the service is installed, not started"
fi
echo "settings: $settings/environment; log: journalctl -u edge-emotion"
