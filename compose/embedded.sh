# The embedded PostgreSQL and broker of compose/up. Sourced, not run.

postgres_user=
postgres_pid=

# Runs a command as the user that owns PostgreSQL's data; PostgreSQL refuses to run as root.
as_postgres() {
    if [[ -n $postgres_user ]]; then
        setpriv --reuid="$postgres_user" --regid="$postgres_user" --init-groups "$@"
    else
        "$@"
    fi
}

free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    printf '%s' "$port"
}

# One compose/up a folder; what an earlier one left running is ended by the ids it noted.
claim_home() {
    local home=$1 file pid
    if [[ -f $home/up.pid ]] && kill -0 "$(<"$home/up.pid")" 2>/dev/null &&
        tr '\0' ' ' <"/proc/$(<"$home/up.pid")/cmdline" 2>/dev/null | grep -q compose/up; then
        fail "compose/up already runs here, as process $(<"$home/up.pid")"
    fi
    for file in "$home"/*.pid; do
        [[ -f $file && $file != "$home/up.pid" ]] || continue
        pid=$(<"$file")
        if grep -qs "$(basename "$file" .pid)" "/proc/$pid/cmdline"; then
            say "antiphase: ending $(basename "$file" .pid) (process $pid), left by an earlier run"
            kill -TERM "$pid" 2>/dev/null
            for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
            kill -KILL "$pid" 2>/dev/null
        fi
        rm -f "$file"
    done
    printf '%s\n' "$$" >"$home/up.pid"
}

forget_everything() {
    local home=$1
    [[ -d $home ]] || return 0
    claim_home "$home"
    [[ -L $home/postgres ]] && rm -rf "$(readlink -f "$home/postgres")"
    rm -rf "$home"
}

# A folder that PostgreSQL's user can reach: below .antiphase, or, where a parent folder is closed to
# that user (a clone below /root, say), below /var/lib, linked from .antiphase.
postgres_folder() {
    local home=$1
    [[ -e $home/postgres ]] && return 0
    if [[ -z $postgres_user ]]; then
        mkdir -m 700 "$home/postgres"
    elif as_postgres test -x "$home"; then
        install -d -m 700 -o "$postgres_user" -g "$postgres_user" "$home/postgres"
    else
        local elsewhere
        elsewhere=/var/lib/antiphase-$(printf '%s' "$home" | cksum | cut -d' ' -f1)
        install -d -m 700 -o "$postgres_user" -g "$postgres_user" "$elsewhere"
        ln -sfn "$elsewhere" "$home/postgres"
        say "antiphase: PostgreSQL's data lies in $elsewhere, for its user cannot enter $home"
    fi
}

start_postgres() {
    local home=$1 programs password port
    programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)
    ((EUID == 0)) && postgres_user=postgres
    postgres_folder "$home"
    local data=$home/postgres/data
    if [[ ! -f $home/postgres.password ]]; then
        (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$home/postgres.password")
    fi
    password=$(<"$home/postgres.password")
    if ! as_postgres test -f "$data/PG_VERSION"; then
        local file=$home/postgres/password
        install -m 600 ${postgres_user:+-o "$postgres_user"} "$home/postgres.password" "$file"
        (cd "$home/postgres" && as_postgres "$programs/initdb" --pgdata="$home/postgres/data" \
            --username=antiphase --pwfile="$file" --auth=scram-sha-256 --encoding=UTF8 \
            --locale=C.UTF-8 >>"$home/logs/postgres.log" 2>&1) ||
            fail "initdb did not succeed; see .antiphase/logs/postgres.log"
        rm -f "$file"
    fi
    port=$(free_port 54330)
    touch "$home/logs/postgres.log"
    (cd "$home/postgres" && exec setsid setpriv \
        ${postgres_user:+--reuid="$postgres_user" --regid="$postgres_user" --init-groups} \
        --pdeathsig INT "$programs/postgres" -D "$home/postgres/data" \
        -c listen_addresses=127.0.0.1 -c port="$port" -c unix_socket_directories= \
        -c max_connections=64 -c shared_buffers=64MB -c log_min_messages=warning) \
        </dev/null >>"$home/logs/postgres.log" 2>&1 &
    postgres_pid=$!
    printf '%s\n' "$postgres_pid" >"$home/postgres.pid"
    for _ in {1..300}; do
        "$programs/pg_isready" --quiet --host=127.0.0.1 --port="$port" && break
        kill -0 "$postgres_pid" 2>/dev/null || fail "PostgreSQL did not start; see .antiphase/logs/postgres.log"
        sleep 0.1
    done
    DATABASE_URL=postgresql://antiphase:$password@127.0.0.1:$port/postgres
    psql "$DATABASE_URL" -qAtc "select 1 from pg_database where datname = 'antiphase'" | grep -q 1 ||
        psql "$DATABASE_URL" -qc 'create database antiphase' || fail "no database could be created"
    DATABASE_URL=postgresql://antiphase:$password@127.0.0.1:$port/antiphase
}

stop_postgres() {
    [[ -n $postgres_pid ]] || return 0
    kill -INT "$postgres_pid" 2>/dev/null # fast shutdown: disconnects, then a clean checkpoint
    for _ in {1..100}; do kill -0 "$postgres_pid" 2>/dev/null || break; sleep 0.1; done
    wait "$postgres_pid" 2>/dev/null
    rm -f "$home/postgres.pid"
}

provision() {
    psql "$DATABASE_URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 \
        --file compose/postgres/provision.sql >>"$1/logs/provision.log" 2>&1 ||
        fail "schemas and roles could not be made in DATABASE_URL; see .antiphase/logs/provision.log"
}

start_broker() {
    local home=$1 bin=$2 port
    port=$(free_port 19092)
    rm -f "$home/broker.address"
    start broker "$bin/broker" --data-directory "$home/broker" --port "$port" \
        --address-file "$home/broker.address"
    for _ in {1..300}; do
        [[ -s $home/broker.address ]] && break
        kill -0 "$(<"$home/broker.pid")" 2>/dev/null || fail "the broker did not start; see .antiphase/logs/broker.log"
        sleep 0.1
    done
    [[ -s $home/broker.address ]] || fail "the broker gave no address within 30 s; see .antiphase/logs/broker.log"
    KAFKA_BOOTSTRAP_SERVERS=$(<"$home/broker.address")
}

# One line: what was folded, what is known, what is placed.
progress() {
    psql "$DATABASE_URL" -qAtX -F ' ' 2>/dev/null <<'END' || printf 'starting'
select format('%s invocations folded, %s functions, %s assigned, %s waiting, %s workers in use (sum of peaks: %s)',
    to_char((select coalesce(sum(invocations), 0) from featurizer.functions), 'FM999,999,999,990'),
    (select count(*) from featurizer.functions),
    (select coalesce(sum(functions - waiting), 0) from dashboard.cells),
    (select coalesce(sum(waiting), 0) from dashboard.cells),
    (select coalesce(sum(workers_used), 0) from dashboard.cells),
    (select coalesce(sum(workers_sum_of_peaks), 0) from dashboard.cells));
END
}
