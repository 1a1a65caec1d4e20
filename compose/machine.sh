# What the machine must have, for compose/up and compose/test. Sourced, not run.

# The Swift toolchain, and Debian packages by what needs them.
swift_version=6.3
packages=(
    librdkafka-dev libpq-dev libmicrohttpd-dev            # Kafka, PostgreSQL, HTTP
    libopenblas-serial-dev liblapacke-dev                 # factorisations, matrix products
    zlib1g-dev liblz4-dev libzstd-dev libsnappy-dev       # codecs of the embedded broker
    postgresql-15 pkg-config
)

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "antiphase: $*"
    exit 1
}

# Installs the packages that are missing: as root, through sudo, or by saying how.
need_packages() {
    local missing=() name
    for name in "${packages[@]}" "$@"; do
        dpkg-query --show --showformat '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' ||
            missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    local install="apt-get install --yes --no-install-recommends ${missing[*]}"
    say "antiphase: installing Debian packages: ${missing[*]}"
    if ((EUID == 0)); then
        apt-get update --quiet >&2 && DEBIAN_FRONTEND=noninteractive $install --quiet >&2 ||
            fail "'$install' did not succeed; see above"
    elif command -v sudo >/dev/null; then
        sudo apt-get update --quiet >&2 && sudo DEBIAN_FRONTEND=noninteractive $install --quiet >&2 ||
            fail "'sudo $install' did not succeed; see above"
    else
        fail "these Debian packages are missing; have an administrator run: $install"
    fi
}

# Puts a Swift toolchain on PATH or says where one gets it.
need_swift() {
    local place
    for place in /opt/swift/usr/bin /usr/share/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
        command -v swift >/dev/null && break
        [[ -x $place/swift ]] && PATH=$place:$PATH
    done
    command -v swift >/dev/null ||
        fail "no Swift on PATH; Swift $swift_version or newer is needed: https://www.swift.org/install/linux/debian/"
    local found
    found=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+$')
    [[ $(printf '%s\n' "$swift_version" "$found" | sort --version-sort | head -n 1) == "$swift_version" ]] ||
        fail "Swift $found is on PATH, $swift_version or newer is needed: https://www.swift.org/install/linux/debian/"
}
