# The embedded PostgreSQL and broker of compose/up. Sourced, not run: `home`, `bin`, `start` are its.

postgres_user=
postgres_programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)
postgres_home=   # without a link: its user may not be able to follow one
postgres_port=15432 # below the ports that outgoing connections take
broker_port=19092
database_roles=(featurizer learner predictor allocator dashboard)
embedded_postgres= # once it is started

# Runs a command as the user that owns PostgreSQL's data; PostgreSQL refuses to run as root.
as_postgres() {
    if [[ -n $postgres_user ]]; then
        setpriv --reuid="$postgres_user" --regid="$postgres_user" --init-groups "$@"
    else
        "$@"
    fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port=$1
    while listens "$port"; do port=$((port + 1)); done
    printf '%s' "$port"
}

# One compose/up a folder; what an earlier one left running is ended by the ids it noted.
claim_home() {
    local name pid
    exec {lock}>"$home/lock"
    flock --nonblock "$lock" ||
        fail "compose/up already runs in $home, as process $(<"$home/up.pid"); stop that one first"
    for name in fleet featurizer learner predictor allocator dashboard broker postgres; do
        [[ -f $home/$name.pid ]] || continue
        pid=$(<"$home/$name.pid")
        # Of this folder: a number may have gone to another process since.
        if grep -Fxqsz "ANTIPHASE_HOME=$home" "/proc/$pid/environ" ||
            grep -Fqs "$home/" "/proc/$pid/cmdline"; then
            say "antiphase: ending $name (process $pid), left by an earlier run"
            pid_of[$name]=$pid
            stop 10 "$name"
        fi
        rm -f "$home/$name.pid"
    done
    printf '%s\n' "$$" >"$home/up.pid"
}

forget_everything() {
    [[ -L $home/postgres ]] && rm -rf "$(readlink -f "$home/postgres")"
    rm -rf "$home"/{postgres,postgres.password,database.url,roles,broker,broker.address,logs}
}

# A folder that PostgreSQL's user can reach: in `home`, or, where a parent folder is closed to that
# user (a clone below /root, say), below /var/lib, linked from `home`.
postgres_folder() {
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

make_cluster() {
    local folder=$postgres_home password=$postgres_home/password
    as_postgres test -f "$folder/data/PG_VERSION" && return
    [[ -f $home/postgres.password ]] ||
        head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$home/postgres.password"
    # Under another name until it is whole: one that was interrupted is made again.
    rm -rf "$folder/made"
    install -m 600 ${postgres_user:+-o "$postgres_user"} "$home/postgres.password" "$password"
    (cd "$folder" && as_postgres "$postgres_programs/initdb" --pgdata="$folder/made" \
        --username=antiphase --pwfile="$password" --auth=scram-sha-256 --encoding=UTF8 \
        --locale=C.UTF-8 >>"$home/logs/postgres.log" 2>&1) &&
        mv "$folder/made" "$folder/data" || fail_of postgres "initdb did not succeed"
    rm -f "$password"
}

launch_postgres() {
    start postgres INT ${postgres_user:+setpriv --reuid="$postgres_user" --regid="$postgres_user" \
        --init-groups} -- "$postgres_programs/postgres" -D "$postgres_home/data" \
        -c listen_addresses=127.0.0.1 -c port="$postgres_port" -c unix_socket_directories= \
        -c max_connections=64 -c shared_buffers=64MB -c log_min_messages=warning
}

start_postgres() {
    ((EUID == 0)) && postgres_user=postgres
    [[ -x $postgres_programs/postgres ]] || fail "no PostgreSQL server below /usr/lib/postgresql"
    postgres_folder
    postgres_home=$(readlink -f "$home/postgres")
    make_cluster
    local password attempt database=antiphase
    # Of another PostgreSQL.
    unset DATABASE_PASSWORD DATABASE_PASSWORD_FILE DATABASE_SSLMODE DATABASE_SSLROOTCERT \
        DATABASE_SSLCERT DATABASE_SSLKEY PGSSLMODE
    password=$(<"$home/postgres.password")
    # Positions belong to one Kafka.
    [[ -z ${KAFKA_BOOTSTRAP_SERVERS:-} ]] ||
        database=antiphase_$(cksum <<<"$KAFKA_BOOTSTRAP_SERVERS" | cut -d' ' -f1)
    # Another process may take the port first: then the next one.
    for attempt in {1..5}; do
        postgres_port=$(free_port "$postgres_port")
        DATABASE_URL=postgresql://antiphase:$password@127.0.0.1:$postgres_port/postgres
        launch_postgres
        await 60 postgres query 'select' && break
    done
    query 'select' || fail_of postgres "PostgreSQL did not start"
    [[ -n $(query "select 1 from pg_database where datname = '$database'") ]] ||
        query "create database $database" || fail_of postgres "no database could be created"
    DATABASE_URL=${DATABASE_URL%/*}/$database
    printf '%s\n' "$DATABASE_URL" >"$home/database.url"
    embedded_postgres=1
}

launch_broker() {
    rm -f "$home/broker.address"
    start broker TERM env --unset DATABASE_URL -- "$bin/broker" --data-directory "$home/broker" --port "$broker_port" \
        --address-file "$home/broker.address"
}

start_broker() {
    local attempt
    for attempt in {1..5}; do
        broker_port=$(free_port "$broker_port")
        launch_broker
        await 60 broker test -s "$home/broker.address" && break
    done
    [[ -s $home/broker.address ]] || fail_of broker "the broker did not start"
    KAFKA_BOOTSTRAP_SERVERS=$(<"$home/broker.address")
}

# await SECONDS NAME COMMAND...: until the command succeeds; not longer than the process lives.
await() {
    local deadline=$((SECONDS + $1)) name=$2
    shift 2
    while runs "$name" && ((SECONDS < deadline)); do
        "$@" >/dev/null 2>&1 && runs "$name" && return
        sleep 0.1
    done
    return 1
}

# Calls a command with `url`, which is DATABASE_URL without its password, and PGPASSWORD.
with_database() {
    local url=$DATABASE_URL
    local -x PGPASSWORD=${DATABASE_PASSWORD:-${PGPASSWORD:-}}
    [[ -z ${DATABASE_PASSWORD_FILE:-} ]] || PGPASSWORD=$(<"$DATABASE_PASSWORD_FILE")
    if [[ $url =~ ^([a-z]+://[^:@/]*):([^@/]*)@(.*)$ ]]; then
        url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
        printf -v PGPASSWORD '%b' "${BASH_REMATCH[2]//%/\\x}"
    fi
    "$@"
}

# query SQL [OPTION...]: asks the database; the password is not among psql's arguments.
query() { with_database ask "$@"; }
ask() {
    local sql=$1 psql=$postgres_programs/psql
    shift
    [[ -x $psql ]] || psql=psql
    PGCONNECT_TIMEOUT=10 PGAPPNAME=compose/up "$psql" "$url" --quiet --no-psqlrc --no-password \
        --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$sql" "$@" </dev/null
}

# Makes schemas and roles. In a PostgreSQL of our own each process has a role of its own to log in as,
# with a password in a file that only this user reads; in another one, whoever DATABASE_URL names
# becomes each of them in turn.
provision() {
    local said
    if [[ -z $embedded_postgres ]]; then
        said=$(PGOPTIONS='-c client_min_messages=warning -c antiphase.member=on' query 'select' \
            --file compose/postgres/provision.sql 2>&1) ||
            fail "the database of DATABASE_URL could not be provisioned: $(printable <<<"$said")"
        return
    fi
    mkdir -p "$home/roles"
    local role file
    for role in "${database_roles[@]}"; do
        file=$home/roles/$role.password
        [[ -s $file ]] || { head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$file"; }
        local -x "${role^^}_PASSWORD_FILE=$file" "${role^^}_PASSWORD="
    done
    said=$(with_database as_roles 2>&1) ||
        fail_of postgres "the database could not be provisioned: $(printable <<<"$said")"
}
as_roles() {
    PSQL=$postgres_programs/psql PGHOST=127.0.0.1 PGPORT=$postgres_port PGUSER=antiphase \
        PGDATABASE=${url##*/} compose/postgres/provision.sh
}

# Text for a terminal: nothing in it steers one.
printable() { LC_ALL=C sed -e 's/[\x00-\x08\x0b-\x1f\x7f]/?/g' -e 's/\xc2[\x80-\x9f]/?/g'; }

# A Kafka that is given may still be starting.
await_kafka() {
    local first=${KAFKA_BOOTSTRAP_SERVERS%%,*} attempt
    for attempt in {1..30}; do
        (exec 3<>"/dev/tcp/${first%:*}/${first##*:}") 2>/dev/null && return
        ((attempt > 1)) || say "antiphase: waiting for Kafka at $first"
        sleep 1
    done
    fail "no Kafka answers at $first, which KAFKA_BOOTSTRAP_SERVERS names"
}

# One line: what was folded, what is known, what is placed, and how it fares there.
progress() {
    local line
    line=$(query "select format('%s invocations, %s functions, %s placed%s, %s workers (sum of peaks: %s)',
        to_char((select coalesce(sum(invocations), 0) from featurizer.functions),
            'FM999,999,999,990'),
        greatest((select count(*) from featurizer.functions), sum(functions)),
        coalesce(sum(functions - waiting), 0),
        ', ' || nullif(sum(waiting), 0) || ' waiting', coalesce(sum(workers_used), 0),
        coalesce(sum(workers_sum_of_peaks), 0)) from dashboard.cells" 2>/dev/null) || line=starting
    printf '%s%s' "$line" "$(fleet_progress)"
}

# What a fleet that runs something says of it: moves, executions late for their neighbours' sake, CPU
# that was short. Nothing of one that replays, or that does not answer.
fleet_progress() {
    [[ -n ${fleet_port:-} ]] || return 0
    timeout 1 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3' \
        _ "$fleet_port" 2>/dev/null | awk '
        /^fleet_moves_total / { moves = $2 }
        /^fleet_workers_failed_total / { failed = $2 }
        /^fleet_contention_misses_total[{]/ { misses += $2 }
        /^fleet_executions_total[{]/ { executions += $2 }
        /^fleet_throttled_share / { short = $2 }
        END {
            if (!executions) exit
            printf "; %d moves, %d failed, %d late by contention (%.3f %%), CPU %.1f %% short",
                moves, failed, misses, 100 * misses / executions, 100 * short
        }'
}
