#!/usr/bin/env bash
# What each process needs in Kafka and no more, as commands of kafka-acls; --execute runs them.
#
#   compose/kafka/acls.sh [--execute] [--remove] --bootstrap-server HOST:PORT
#       [--command-config FILE] [--featurizer PRINCIPAL] [--learner PRINCIPAL]
#       [--predictor PRINCIPAL] [--allocator PRINCIPAL] [--fleet PRINCIPAL] [--operator PRINCIPAL]
#       [--bridge PRINCIPAL [--bridge-topic TOPIC]] [--idempotent-write]
#
# PRINCIPAL is how Kafka calls the client: User:featurizer with SASL, User:CN=featurizer with a
# client certificate. Left out, it is User: and the process's name; an empty one leaves it out.
# FILE has the settings by which an administrator of the cluster gets in. kafka-acls is found on PATH,
# or KAFKA_ACLS is the command to run ("docker exec kafka /opt/kafka/bin/kafka-acls.sh").
#
# Read and Write of a topic include Describe, by which a process sees that the topic is there and how
# far it reaches; Read of a group includes joining it. Nobody may create, alter or delete: topics.sh
# makes the topics beforehand (or give somebody Create and a process makes what is missing). An
# idempotent producer needs no more than Write in Kafka from 3.0 on; --idempotent-write grants it on
# the cluster for older ones. The dashboard does not use Kafka. --operator is who announces services
# and looks at rejections. --bridge is who brings another platform's events in, from TOPIC (events)
# and in transactions; nobody, unless given.
set -euo pipefail

fail() {
    printf 'acls: %s\n' "$*" >&2
    exit 1
}

# process: topics read, topics written, whether it joins a group of its name. `models` is read whole
# by those that use one.
table='
featurizer | invocations                              | shapes rejections                  | group
learner    | shapes models                            | representations models rejections | group
predictor  | services shapes representations models   | predictions models rejections     | group
allocator  | workers shapes representations predictions | assignments rejections          | group
fleet      | assignments workers invocations          | invocations services workers      |
operator   | rejections                               | services                          |
'

declare -A principal=()
server= config=() execute= action=--add idempotent= bridge_topic=events
while (($#)); do
    case $1 in
        --execute) execute=1; shift ;;
        --remove) action=--remove; shift ;;
        --idempotent-write) idempotent=1; shift ;;
        --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --bootstrap-server | --command-config | --featurizer | --learner | --predictor | \
            --allocator | --fleet | --operator | --bridge | --bridge-topic)
            (($# >= 2)) || fail "$1 needs a value; --help explains"
            case $1 in
                --bootstrap-server) server=$2 ;;
                --command-config) config=(--command-config "$2") ;;
                --bridge-topic) bridge_topic=$2 ;;
                *) [[ -z $2 || $2 == *:?* ]] || fail "$1 is $2, expected a principal as User:name"
                    principal[${1#--}]=$2 ;;
            esac
            shift 2 ;;
        *) fail "$1 is no option; --help lists them" ;;
    esac
done
[[ -n $server ]] || fail "--bootstrap-server is missing; --help explains"
tool=${KAFKA_ACLS:-}
[[ -n $tool ]] || tool=$(command -v kafka-acls.sh || command -v kafka-acls || echo kafka-acls.sh)

running=()
# Four at a time: most of such a command's time is its own start.
settle() {
    local pid failed=
    for pid in "${running[@]}"; do wait "$pid" || failed=1; done
    running=()
    [[ -z $failed ]] || fail "a command was refused, see above; nothing was undone: run it again"
}

run() {
    # KAFKA_ACLS may be several words.
    local command=($tool --bootstrap-server "$server" "${config[@]}" "$action" "$@")
    [[ $action != --remove ]] || command+=(--force)
    if [[ -n $execute ]]; then
        ((${#running[@]} < 4)) || settle
        "${command[@]}" >/dev/null &
        running+=($!)
    else
        printf '%q ' "${command[@]}"
        printf '\n'
    fi
}

while IFS='|' read -r process reads writes group; do
    process=${process// /}
    [[ -n $process ]] || continue
    who=${principal[$process]-User:$process}
    [[ -n $who ]] || continue
    topics=()
    for topic in $reads; do topics+=(--topic "$topic"); done
    [[ -z ${group// /} ]] || topics+=(--group "$process")
    run --allow-principal "$who" --operation Read "${topics[@]}"
    topics=()
    for topic in $writes; do topics+=(--topic "$topic"); done
    run --allow-principal "$who" --operation Write "${topics[@]}"
    [[ -z $idempotent ]] || run --allow-principal "$who" --operation IdempotentWrite --cluster
done <<<"$table"
if [[ -n ${principal[bridge]:-} ]]; then
    who=(--allow-principal "${principal[bridge]}")
    run "${who[@]}" --operation Read --topic "$bridge_topic" --group bridge
    run "${who[@]}" --operation Write --topic invocations --topic rejections
    run "${who[@]}" --operation Write --operation Describe --transactional-id antiphase-bridge \
        --resource-pattern-type prefixed
fi
settle
