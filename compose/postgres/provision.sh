#!/usr/bin/env bash
# Makes the schemas and roles of provision.sql and gives each role a password to log in with.
#
#   PGHOST=... PGUSER=... PGPASSFILE=... PGDATABASE=antiphase \
#   FEATURIZER_PASSWORD_FILE=... LEARNER_PASSWORD_FILE=... PREDICTOR_PASSWORD_FILE=... \
#   ALLOCATOR_PASSWORD_FILE=... DASHBOARD_PASSWORD_FILE=...  compose/postgres/provision.sh
#
# Whoever runs it owns the database and may create roles; who that is and where is libpq's matter
# (its PG variables, a passfile, a service file). Passwords come from NAME_PASSWORD or from the file
# that NAME_PASSWORD_FILE names, and go to nobody's command line: psql makes SCRAM-SHA-256 of them
# here, so the server, too, and its log see no password. A role without a password is left as it
# is: with --login it may log in, and pg_hba.conf says how (a client certificate, peer).
# Safe to run again: with another password to change it.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -f $folder/provision.sql ]] || folder=/antiphase # in a container, which has it there
roles=(featurizer learner predictor allocator dashboard)

fail() {
    printf 'provision: %s\n' "$*" >&2
    exit 1
}

login=
case ${1:-} in
    '') ;;
    --login) login=1 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "$1 is no option; --help explains" ;;
esac
# The image of PostgreSQL names the ones of its own set-up.
: "${PGUSER:=${POSTGRES_USER:-}}" "${PGDATABASE:=${POSTGRES_DB:-}}"
[[ -z $PGUSER ]] || export PGUSER
[[ -z $PGDATABASE ]] || export PGDATABASE
export PGAPPNAME=provision PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"
psql=(${PSQL:-psql} --no-psqlrc --no-password --quiet --set ON_ERROR_STOP=1)

"${psql[@]}" --file "$folder/provision.sql" </dev/null >/dev/null

for role in "${roles[@]}"; do
    variable=${role^^}_PASSWORD
    file=${role^^}_PASSWORD_FILE
    password=${!variable:-}
    if [[ -n ${!file:-} ]]; then
        [[ -z $password ]] || fail "$variable and $file are both set, expected one of them"
        [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read"
        password=$(<"${!file}")
    fi
    [[ -z $password$login ]] || "${psql[@]}" --command "alter role $role login" </dev/null
    [[ -n $password ]] || continue
    [[ $password != *$'\n'* ]] || fail "the password of $role has more than one line"
    # Without a terminal psql reads the two answers to \password here.
    printf '%s\n%s\n' "$password" "$password" |
        PGOPTIONS="$PGOPTIONS -c password_encryption=scram-sha-256" \
            setsid --wait "${psql[@]}" --command "\\password $role" 2>&1 >/dev/null |
        sed -e 's/Enter [^:]*: *//g' -e '/^$/d' >&2
    [[ ${PIPESTATUS[1]} == 0 ]] || fail "role $role got no password"
done
