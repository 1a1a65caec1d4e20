#!/usr/bin/env bash
# The topics, as commands of kafka-topics; --execute runs them. For clusters whose administrator makes
# topics: elsewhere the first process that starts makes what is missing.
#
#   compose/kafka/topics.sh [--execute] --bootstrap-server HOST:PORT [--command-config FILE]
#       [--partitions N] [--replication-factor N]
#
# All topics but `models` have the same number of partitions, 16 unless told otherwise: a service has
# one number everywhere. kafka-topics is found on PATH, or KAFKA_TOPICS is the command to run.
set -euo pipefail

fail() {
    printf 'topics: %s\n' "$*" >&2
    exit 1
}

# topic: cleanup.policy, retention in days (-: for ever), one partition or as many as all.
table='
services        compact        -  all
workers         compact        -  all
invocations     delete         7  all
shapes          compact,delete 14 all
models          compact        -  one
representations compact        -  all
predictions     compact        -  all
assignments     compact        -  all
rejections      delete         30 all
'

server= config=() execute= partitions=16 replication=()
while (($#)); do
    case $1 in
        --execute) execute=1; shift ;;
        --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --bootstrap-server | --command-config | --partitions | --replication-factor)
            (($# >= 2)) || fail "$1 needs a value; --help explains"
            case $1 in
                --bootstrap-server) server=$2 ;;
                --command-config) config=(--command-config "$2") ;;
                --partitions) partitions=$2 ;;
                --replication-factor) replication=(--replication-factor "$2") ;;
            esac
            shift 2 ;;
        *) fail "$1 is no option; --help lists them" ;;
    esac
done
[[ -n $server ]] || fail "--bootstrap-server is missing; --help explains"
[[ $partitions =~ ^[1-9][0-9]{0,3}$ ]] || fail "--partitions is $partitions, expected a number"
tool=${KAFKA_TOPICS:-}
[[ -n $tool ]] || tool=$(command -v kafka-topics.sh || command -v kafka-topics || echo kafka-topics.sh)

while read -r topic cleanup days count; do
    [[ -n $topic ]] || continue
    [[ $count == all ]] && count=$partitions || count=1
    # KAFKA_TOPICS may be several words.
    command=($tool --bootstrap-server "$server" "${config[@]}" --create --if-not-exists
        --topic "$topic" --partitions "$count" "${replication[@]}"
        --config "cleanup.policy=$cleanup" --config max.message.bytes=1048588)
    [[ $days == - ]] || command+=(--config "retention.ms=$((days * 86400000))")
    if [[ -n $execute ]]; then
        "${command[@]}" >/dev/null || fail "this was refused: ${command[*]}"
    else
        printf '%q ' "${command[@]}"
        printf '\n'
    fi
done <<<"$table"
