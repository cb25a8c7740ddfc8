#!/usr/bin/env bash
# Installs the unpacked tarball: ./install.sh as root. PREFIX (default /usr) and DESTDIR (default none) are honoured.
# An existing /etc/evenkeel/evenkeel.yaml stays as it is. Nothing is started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
prefix=${PREFIX:-/usr}
to=${DESTDIR:-}
install -Dm755 bin/evenkeel "$to$prefix/bin/evenkeel"
install -Dm644 share/man/man1/evenkeel.1.gz "$to$prefix/share/man/man1/evenkeel.1.gz"
install -Dm644 share/bash-completion/completions/evenkeel "$to$prefix/share/bash-completion/completions/evenkeel"
install -Dm644 share/zsh/site-functions/_evenkeel "$to$prefix/share/zsh/site-functions/_evenkeel"
install -Dm644 share/fish/vendor_completions.d/evenkeel.fish "$to$prefix/share/fish/vendor_completions.d/evenkeel.fish"
for unit in systemd/*.service; do
    # Units name the program by its whole path.
    sed "s#/usr/bin/evenkeel#$prefix/bin/evenkeel#" "$unit" | install -Dm644 /dev/stdin "$to/usr/lib/systemd/system/$(basename "$unit")"
done
install -Dm644 systemd/evenkeel.sysusers "$to/usr/lib/sysusers.d/evenkeel.conf"
[[ -e $to/etc/evenkeel/evenkeel.yaml ]] || install -Dm644 evenkeel.yaml "$to/etc/evenkeel/evenkeel.yaml"
doc=$to$prefix/share/doc/evenkeel
mkdir -p "$doc"
cp -R README.md LICENSE CHANGELOG.md docs dashboards alerts kubernetes "$doc"
if [[ -z $to ]] && command -v systemd-sysusers >/dev/null; then systemd-sysusers /usr/lib/sysusers.d/evenkeel.conf; fi
if [[ -z $to && -d /run/systemd/system ]]; then systemctl daemon-reload; fi
"$to$prefix/bin/evenkeel" --version
