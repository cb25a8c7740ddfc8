#!/usr/bin/env bash
# Installs what a build of Evenkeel needs on Debian and Ubuntu, and only what is missing. Does nothing when all is there.
#
#   scripts/setup.sh          to build and run: C libraries, pkg-config, make, a PostgreSQL server (no cluster is made or started)
#   scripts/setup.sh tests    also python3 for the fault test, and what the tests use when it is there: Prometheus with its Alertmanager
#                             (their services are not started), python3's jsonschema
#
# Exit codes: 0 all is there; 2 bad usage; 3 something is missing and could not be installed, with one line that says what.

# All of it is one function in a subshell, so that it can also be pasted into a terminal without ending that terminal.
setup() (
    set -euo pipefail
    PATH="$PATH:/usr/sbin:/sbin"

    say() { printf 'setup: %s\n' "$*" >&2; }
    fail() { say "$*"; exit 3; }
    have() { command -v "$1" >/dev/null 2>&1; }

    check_swift() {
        local from='https://www.swift.org/install/linux' version
        have swift || fail "Swift 6.2 or newer is needed: get it from $from"
        version=$(swift --version 2>&1) || fail "Swift does not run (${version##*$'\n'}): see $from for the packages that it needs"
        [[ $version =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] ||
            fail "unknown answer from 'swift --version': get Swift 6.2 or newer from $from"
        local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
        ((major > 6 || (major == 6 && minor >= 2))) || fail "Swift $major.$minor is too old: get 6.2 or newer from $from"
    }

    # The places where the embedded cluster looks for PostgreSQL.
    have_postgres() {
        if [[ -n ${EVENKEEL_PG_BIN:-} ]]; then [[ -x $EVENKEEL_PG_BIN/initdb ]]; return; fi
        compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || { have initdb && have postgres; }
    }

    # The packages that are missing; `postgresql` stands for the newest server.
    missing_packages() {
        have git || echo git
        have make || echo make
        have pkg-config || echo pkg-config
        [[ $1 != tests ]] || have python3 || echo python3
        local pair
        for pair in libpq:libpq-dev gsl:libgsl-dev libcurl:libcurl4-openssl-dev libcrypto:libssl-dev zlib:zlib1g-dev \
            libzstd:libzstd-dev rdkafka:librdkafka-dev; do
            pkg-config --exists "${pair%%:*}" 2>/dev/null || echo "${pair#*:}"
        done
        [[ -s /etc/ssl/certs/ca-certificates.crt ]] || [[ ! -e /etc/debian_version ]] || echo ca-certificates
        have_postgres || echo postgresql
    }

    as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

    # Whether we may install; else the reason is in `reason`.
    may_install() {
        reason=''
        if ! have apt-get; then reason='this is not Debian or Ubuntu (no apt-get)'
        elif ((EUID != 0)) && ! have sudo; then reason='not root, and there is no sudo'
        elif ! as_root true; then reason='sudo was refused'
        fi
        [[ -z $reason ]]
    }

    apt_get() {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" </dev/null 2>&1
    }

    updated=false
    apt_update() {
        $updated && return
        updated=true
        say 'apt-get update'
        apt_get update >/dev/null || say 'apt-get update failed; going on with the lists that are there'
    }

    # Leaves apt's own words in `output`, for when it fails.
    apt_install() {
        say "installing $*"
        output=$(apt_get install --no-install-recommends --no-remove "$@")
    }

    install_packages() {
        apt_update
        local packages=() package newest config=/etc/postgresql-common/createcluster.conf
        for package in "$@"; do
            if [[ $package == postgresql ]]; then
                newest=$(apt-cache search --names-only '^postgresql-[0-9]+$' | cut -d ' ' -f 1 | sort -V | tail -n 1)
                package=${newest:-postgresql}
                if ! grep -qs '^create_main_cluster *= *false' "$config"; then
                    say "create_main_cluster = false in $config: no cluster is made or started"
                    as_root mkdir -p "${config%/*}"
                    as_root touch "$config"
                    as_root sed -i '/^ *create_main_cluster/d' "$config"
                    echo 'create_main_cluster = false' | as_root tee -a "$config" >/dev/null
                fi
            fi
            packages+=("$package")
        done
        apt_install "${packages[@]}" || { tail -n 15 <<<"$output" >&2; fail "could not install: ${packages[*]}"; }
    }

    # Prometheus's packages start a service and enable it for the next boot. The first is refused through a policy-rc.d that lives as long
    # as the installation (one that is there already, as in containers, is left alone), the second is undone.
    install_for_tests() {
        local policy=/usr/sbin/policy-rc.d
        apt_update
        if [[ ! -e $policy ]]; then
            trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
            trap 'exit 130' INT TERM HUP
            printf '#!/bin/sh\ncase "$*" in *prometheus*) exit 101 ;; esac\nexit 0\n' | as_root tee "$policy" >/dev/null || return 1
            as_root chmod 755 "$policy" || return 1
        fi
        apt_install "$@" || return 1
        local package
        for package in "$@"; do
            if have systemctl; then
                as_root systemctl --quiet disable "$package.service" >/dev/null 2>&1 || true
                [[ ! -d /run/systemd/system ]] || as_root systemctl --quiet stop "$package.service" || true
            elif have update-rc.d; then
                as_root update-rc.d "$package" disable >/dev/null 2>&1 || true
            fi
        done
    }

    case "$#:${1:-}" in
    0: | 1:tests) ;;
    *) echo 'usage: scripts/setup.sh [tests]' >&2; exit 2 ;;
    esac

    check_swift

    read -r -a missing <<<"$(missing_packages "${1:-}" | tr '\n' ' ')"
    if ((${#missing[@]} > 0)); then
        may_install || fail "$reason: install ${missing[*]} (names of Debian packages)"
        install_packages "${missing[@]}"
        read -r -a missing <<<"$(missing_packages "${1:-}" | tr '\n' ' ')"
        ((${#missing[@]} == 0)) || fail "still missing after the installation: ${missing[*]}"
    fi

    local wanted=()
    { have prometheus && have promtool; } || wanted+=(prometheus)
    have prometheus-alertmanager || wanted+=(prometheus-alertmanager)
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || wanted+=(python3-jsonschema)
    if [[ ${1:-} == tests ]] && ((${#wanted[@]} > 0)); then
        output=''
        if ! may_install; then say "no ${wanted[*]} ($reason): the tests that need it say that they were skipped"
        elif ! install_for_tests "${wanted[@]}"; then say "no ${wanted[*]} (${output##*$'\n'}): the tests that need it say that they were skipped"
        fi
    fi
)
setup "$@"
