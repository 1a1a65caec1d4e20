-- What the featurizer keeps for people: totals a function, and its days.

create table functions (
    customer text not null,
    service text not null,
    function text not null,
    cell int not null,
    trigger text,
    runtime text,
    memory_mb float8 not null,
    deadline_ms float8,
    invocations bigint not null,
    success bigint not null,
    error bigint not null,
    timeout bigint not null,
    out_of_memory bigint not null,
    throttled bigint not null,
    killed bigint not null,
    unknown bigint not null,
    cold_starts bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (customer, service, function)
);
comment on table functions is 'Each function since ever; each accepted invocation counts once.';

-- A row a function and day, not a row a slot: a fleet of 100,000 functions has 29 million slots a day.
create table function_days (
    customer text not null,
    service text not null,
    function text not null,
    day date not null,
    invocations int[] not null,
    cpu_ms float4[] not null,
    primary key (day, customer, service, function)
) partition by range (day);
comment on table function_days is 'Each function''s days in slots of five minutes; kept for 30 days of event time.';
comment on column function_days.invocations is '(288) that started in each slot; null: the slot has no shape.';
comment on column function_days.cpu_ms is '(288) CPU time used in each slot.';

-- Makes the partitions that `days` need, drops those out of retention, and returns the first day
-- that is kept; rows before it are not to be written.
create function prepare_function_days(days date[]) returns date
language plpgsql as $$
declare
    retention constant int := 30;
    wanted date;
    newest date;
    part text;
begin
    select greatest(
        (select max(to_date(right(relname, 8), 'YYYYMMDD'))
         from pg_inherits join pg_class on pg_class.oid = inhrelid
         where inhparent = 'function_days'::regclass),
        (select max(d) from unnest(days) d)) into newest;
    foreach wanted in array days loop
        part := 'function_days_' || to_char(wanted, 'YYYYMMDD');
        continue when wanted <= newest - retention or to_regclass(part) is not null;
        perform pg_advisory_xact_lock(hashtextextended('antiphase.partitions.function_days', 0));
        continue when to_regclass(part) is not null;
        execute format(
            'create table %I partition of function_days for values from (%L) to (%L)',
            part, wanted, wanted + 1);
        for part in
            select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
            where inhparent = 'function_days'::regclass
                and to_date(right(relname, 8), 'YYYYMMDD') <= newest - retention
        loop
            execute format('drop table %I', part);
        end loop;
    end loop;
    return newest - retention + 1;
end
$$;

create view dashboard.functions as
select customer, service, function, cell, trigger, runtime, memory_mb, deadline_ms, invocations,
    success, error, timeout, out_of_memory, throttled, killed, unknown, cold_starts,
    first_seen, last_seen
from functions;
comment on view dashboard.functions is 'Each function since ever.';
comment on column dashboard.functions.customer is 'Who owns the service.';
comment on column dashboard.functions.service is 'The service that the function belongs to.';
comment on column dashboard.functions.function is 'The function.';
comment on column dashboard.functions.cell is 'The cell, which is the partition number of its service.';
comment on column dashboard.functions.trigger is 'What invokes it, as its last invocation said.';
comment on column dashboard.functions.runtime is 'What it runs on, as its last invocation said.';
comment on column dashboard.functions.memory_mb is 'Memory allotted to it, as its last invocation said.';
comment on column dashboard.functions.deadline_ms is 'Its deadline, as its last invocation said.';
comment on column dashboard.functions.invocations is 'Invocations folded.';
comment on column dashboard.functions.success is 'Of these, successes.';
comment on column dashboard.functions.error is 'Of these, errors, those with an unknown outcome too.';
comment on column dashboard.functions.timeout is 'Of these, time-outs.';
comment on column dashboard.functions.out_of_memory is 'Of these, out of memory.';
comment on column dashboard.functions.throttled is 'Of these, throttled.';
comment on column dashboard.functions.killed is 'Of these, killed.';
comment on column dashboard.functions.unknown is 'Of the errors, those whose outcome was a word that we do not know.';
comment on column dashboard.functions.cold_starts is 'Invocations that had to start an instance.';
comment on column dashboard.functions.first_seen is 'When the earliest of them started.';
comment on column dashboard.functions.last_seen is 'When the latest of them started.';

create view dashboard.function_days as
select customer, service, function, day, invocations, cpu_ms from function_days;
comment on view dashboard.function_days is 'Each function''s days in slots of five minutes.';
comment on column dashboard.function_days.customer is 'Who owns the service.';
comment on column dashboard.function_days.service is 'The service that the function belongs to.';
comment on column dashboard.function_days.function is 'The function.';
comment on column dashboard.function_days.day is 'The day, UTC.';
comment on column dashboard.function_days.invocations is '(288) invocations that started in each slot; null where there is no shape.';
comment on column dashboard.function_days.cpu_ms is '(288) CPU time used in each slot, in ms.';

grant select on dashboard.functions, dashboard.function_days to dashboard;
