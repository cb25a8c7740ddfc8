#!/usr/bin/env bash
# Makes the release tarball: program, man page, completions, systemd units, configuration, Kubernetes manifests, dashboards, alerts, docs.
#
#   scripts/package/tarball.sh [FOLDER]         builds optimised and writes FOLDER/evenkeel-VERSION-linux-ARCH.tar.gz (default .build/release-tarball)
#   BINARY=FILE scripts/package/tarball.sh      packs that program instead of building one
#
# The tarball holds the Swift runtime within the program, but not the C libraries: INSTALL in it names their packages.
# Equal sources and program give equal bytes. Exit codes: 0 done, else the step that failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-.build/release-tarball}
command -v python3 >/dev/null || { echo 'tarball: python3 is needed, it writes the man page: apt-get install python3' >&2; exit 3; }
if [[ -z ${BINARY:-} ]]; then
    swift build -c release --product evenkeel --static-swift-stdlib
    BINARY=.build/release/evenkeel
fi
version=$(git -c safe.directory="$PWD" describe --tags --always 2>/dev/null || echo unversioned)
name=evenkeel-${version#v}-linux-$(uname -m)
mkdir -p "$out"
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/$name
mkdir -p "$root"/bin "$root"/share/man/man1 "$root"/share/bash-completion/completions "$root"/share/zsh/site-functions \
    "$root"/share/fish/vendor_completions.d "$root"/systemd

strip -o "$root/bin/evenkeel" "$BINARY"
"$root/bin/evenkeel" --version >/dev/null
for shell in bash zsh fish; do "$root/bin/evenkeel" completion $shell >"$work/$shell"; done
cp "$work/bash" "$root/share/bash-completion/completions/evenkeel"
cp "$work/zsh" "$root/share/zsh/site-functions/_evenkeel"
cp "$work/fish" "$root/share/fish/vendor_completions.d/evenkeel.fish"
SOURCE_DATE_EPOCH=$(git -c safe.directory="$PWD" log -1 --format=%ct 2>/dev/null || echo 0) \
    python3 scripts/reference.py --evenkeel "$root/bin/evenkeel" --man "$root/share/man/man1" >/dev/null
gzip -9n "$root/share/man/man1/evenkeel.1"
cp packaging/systemd/* "$root/systemd"
cp packaging/evenkeel.yaml packaging/INSTALL packaging/install.sh "$root"
cp -R packaging/kubernetes dashboards alerts docs "$root"
cp README.md LICENSE CHANGELOG.md "$root"
find "$root" -type d -exec chmod 755 {} + ; find "$root" -type f -exec chmod 644 {} +
chmod 755 "$root/bin/evenkeel" "$root/install.sh"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$(git -c safe.directory="$PWD" log -1 --format=%ct 2>/dev/null || echo 0)" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
ls -sh "$out/$name.tar.gz"
