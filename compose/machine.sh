# What the machine must have, for compose/up and compose/test. Sourced, not run.

swift_version=6.3
swift_page=https://www.swift.org/install/linux/debian/

# Debian packages by what needs them. A PostgreSQL server is asked for apart, in any version.
packages=(
    librdkafka-dev libpq-dev libmicrohttpd-dev            # Kafka, PostgreSQL, HTTP
    libopenblas-serial-dev liblapacke-dev                 # factorisations, matrix products
    zlib1g-dev liblz4-dev libzstd-dev libsnappy-dev       # codecs of the embedded broker
    pkg-config
)
# What the Swift toolchain itself needs to run, to compile and to link.
swift_packages=(
    g++ libcurl4-openssl-dev libedit-dev libncurses-dev libsqlite3-dev libxml2-dev uuid-dev tzdata
)

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "antiphase: $*"
    exit 1
}

# need_machine [PACKAGE...]: a Swift that runs, our packages and those named; or says what to do.
need_machine() {
    find_swift
    local wanted=("${packages[@]}" "$@")
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
    swift_has_what_it_needs || wanted+=("${swift_packages[@]}")
    install_missing "${wanted[@]}"
    check_swift
}

# Puts a Swift toolchain on PATH or says where one gets it.
find_swift() {
    local place
    for place in /opt/swift/usr/bin /usr/share/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
        command -v swift >/dev/null && return
        [[ -x $place/swift ]] && PATH=$place:$PATH
    done
    command -v swift >/dev/null ||
        fail "no Swift on PATH; Swift $swift_version or newer is needed: $swift_page"
}

swift_has_what_it_needs() {
    command -v ld >/dev/null && [[ -e /usr/include/stdlib.h ]] &&
        compgen -G '/usr/include/c++/*' >/dev/null && swift --version >/dev/null 2>&1
}

check_swift() {
    local said found
    said=$(swift --version 2>&1) || fail "$(command -v swift) does not run: $said; see $swift_page"
    found=$(grep -oE 'Swift version [0-9]+(\.[0-9]+)+' <<<"$said" | grep -oE '[0-9.]+$')
    [[ $(printf '%s\n' "$swift_version" "$found" | sort --version-sort | head -n 1) == "$swift_version" ]] ||
        fail "$(command -v swift) is Swift $found, $swift_version or newer is needed: $swift_page"
}

# Installs the packages that are missing: as root, through sudo, or by saying how.
install_missing() {
    local missing=() name
    command -v dpkg-query >/dev/null ||
        fail "no dpkg on PATH; Debian 12 or newer is needed, with the packages: $*"
    for name in "$@"; do
        dpkg-query --show --showformat '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' ||
            missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    local install="apt-get install --yes --no-install-recommends ${missing[*]}"
    local as_root=
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            fail "Debian packages are missing; as root, run: apt-get update && $install"
        as_root=sudo
    fi
    say "antiphase: installing Debian packages${as_root:+ (by sudo)}: ${missing[*]}"
    local quiet="env LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive"
    $as_root $quiet apt-get update -qq >/dev/null &&
        $as_root $quiet ${install/apt-get/apt-get -qq} >/dev/null ||
        fail "packages could not be installed, see above; as root, run: apt-get update && $install"
}
