-- What the allocator decided. A function, a worker and a cell have one row each; decisions and the
-- cells' hours are kept for 30 days of event time, in a partition a day.

create table assignments (
    customer text not null,
    service text not null,
    function text not null,
    cell int not null,
    tier text not null,
    placements jsonb not null,
    reason text not null,
    decided_at timestamptz not null,
    revision bigint not null,
    primary key (customer, service, function)
);
comment on table assignments is 'Where each function is now.';
comment on column assignments.placements is '[{"worker", "share"}]: its workers and its even share on each; empty while it waits.';
comment on column assignments.decided_at is 'Event time of what the decision rests on.';
comment on column assignments.revision is 'Rises by one with every decision about the function.';
create index on assignments (cell);

create table assignment_history (like assignments)
    partition by range (decided_at);
alter table assignment_history
    add primary key (decided_at, customer, service, function, revision);
comment on table assignment_history is 'Every decision of the last 30 days of event time.';

create table workers (
    cell int not null,
    worker text not null,
    state text not null,
    milli_cpu float8 not null,
    memory_mb float8 not null,
    members bigint not null,
    planned_milli_cpu float8 not null,
    planned_memory_mb float8 not null,
    guaranteed_milli_cpu bigint not null,
    guaranteed_memory_mb bigint not null,
    watts float8,
    milli_cpu_by_two_hours jsonb not null,
    as_of timestamptz not null,
    primary key (cell, worker)
);
comment on table workers is 'Each worker that is ready or draining, and what is planned on it.';

create table cells (
    cell int primary key,
    functions bigint not null,
    waiting bigint not null,
    workers_ready bigint not null,
    workers_used bigint not null,
    workers_sum_of_peaks bigint,
    workers_bound bigint,
    moves bigint not null,
    as_of timestamptz not null
);
comment on table cells is 'Each cell in one line.';

create table cell_history (like cells)
    partition by range (as_of);
alter table cell_history add primary key (as_of, cell);
comment on table cell_history is 'Each cell at the end of each hour of the last 30 days of event time.';

-- Makes the partitions that `days` need, drops those out of retention, and returns the first day
-- that is kept; rows before it are not to be written.
create function prepare_days(history text, days date[]) returns date
language plpgsql as $$
declare
    retention constant int := 30;
    day date;
    newest date;
    part text;
begin
    select max(to_date(right(relname, 8), 'YYYYMMDD')) into newest
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = to_regclass(history);
    select greatest(newest, max(d)) into newest from unnest(days) d;
    foreach day in array days loop
        part := history || '_' || to_char(day, 'YYYYMMDD');
        continue when day <= newest - retention or to_regclass(part) is not null;
        perform pg_advisory_xact_lock(hashtextextended('antiphase.partitions.' || history, 0));
        continue when to_regclass(part) is not null;
        execute format(
            'create table %I partition of %I for values from (%L) to (%L)', part, history,
            day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
        for part in
            select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
            where inhparent = to_regclass(history)
                and to_date(right(relname, 8), 'YYYYMMDD') <= newest - retention
        loop
            execute format('drop table %I', part);
        end loop;
    end loop;
    return newest - retention + 1;
end
$$;

create or replace view dashboard.assignments as
select customer, service, function, cell, tier,
    case when placements = '[]' then 'waiting' else 'placed' end as status,
    (select string_agg(p ->> 'worker', ', ' order by p ->> 'worker')
     from jsonb_array_elements(placements) p) as workers,
    placements, reason, decided_at, revision
from assignments;
comment on view dashboard.assignments is 'Where each function is now, and why.';
comment on column dashboard.assignments.customer is 'Who owns the service.';
comment on column dashboard.assignments.service is 'The service that the function belongs to.';
comment on column dashboard.assignments.function is 'The function.';
comment on column dashboard.assignments.cell is 'The cell, which is the partition number of its service.';
comment on column dashboard.assignments.tier is 'What the customer bought: guaranteed, burstable or best_effort.';
comment on column dashboard.assignments.status is 'placed, or waiting for a worker that can take it.';
comment on column dashboard.assignments.workers is 'Names of its workers, comma-separated; null while it waits.';
comment on column dashboard.assignments.placements is 'Its workers and its share on each, as JSON.';
comment on column dashboard.assignments.reason is 'Why it is there, in one sentence.';
comment on column dashboard.assignments.decided_at is 'Event time of what the decision rests on.';
comment on column dashboard.assignments.revision is 'How many decisions were made about it.';

create or replace view dashboard.assignment_history as
select customer, service, function, cell, tier, placements, reason, decided_at, revision
from assignment_history;
comment on view dashboard.assignment_history is 'Every decision of the last 30 days of event time.';
comment on column dashboard.assignment_history.customer is 'Who owns the service.';
comment on column dashboard.assignment_history.service is 'The service that the function belongs to.';
comment on column dashboard.assignment_history.function is 'The function.';
comment on column dashboard.assignment_history.cell is 'The cell that decided.';
comment on column dashboard.assignment_history.tier is 'What the customer had bought.';
comment on column dashboard.assignment_history.placements is 'The workers decided on and the share on each, as JSON.';
comment on column dashboard.assignment_history.reason is 'Why, in one sentence.';
comment on column dashboard.assignment_history.decided_at is 'Event time of what the decision rests on.';
comment on column dashboard.assignment_history.revision is 'The number of the decision about this function.';

create or replace view dashboard.workers as
select cell, worker, state, milli_cpu, memory_mb, members, planned_milli_cpu, planned_memory_mb,
    planned_milli_cpu / milli_cpu as planned_share, guaranteed_milli_cpu, guaranteed_memory_mb,
    watts, milli_cpu_by_two_hours, as_of
from workers;
comment on view dashboard.workers is 'Each worker that is ready or draining, and what is planned on it.';
comment on column dashboard.workers.cell is 'The cell it belongs to.';
comment on column dashboard.workers.worker is 'Its name.';
comment on column dashboard.workers.state is 'ready, or draining.';
comment on column dashboard.workers.milli_cpu is 'Its CPU, in thousandths of a core.';
comment on column dashboard.workers.memory_mb is 'Its memory, in MB.';
comment on column dashboard.workers.members is 'How many functions are on it, whole or in part.';
comment on column dashboard.workers.planned_milli_cpu is 'The most CPU that its members are planned to need at once in a week, with room for noise, in thousandths of a core.';
comment on column dashboard.workers.planned_memory_mb is 'The same for memory, in MB.';
comment on column dashboard.workers.planned_share is 'The planned CPU as a share of its CPU.';
comment on column dashboard.workers.guaranteed_milli_cpu is 'CPU that is guaranteed to members, in thousandths of a core.';
comment on column dashboard.workers.guaranteed_memory_mb is 'Memory that is guaranteed to members, in MB.';
comment on column dashboard.workers.watts is 'Power at the mean of the planned load; 0 while it is empty and may be off; null when unknown.';
comment on column dashboard.workers.milli_cpu_by_two_hours is 'The highest planned CPU of each two hours of a week from Monday 00:00 UTC: 84 numbers, or none.';
comment on column dashboard.workers.as_of is 'Event time of the plan.';

create or replace view dashboard.cells as
select cell, functions, waiting, workers_ready, workers_used, workers_sum_of_peaks, workers_bound,
    workers_sum_of_peaks - workers_used as workers_saved,
    (select count(*) from workers w
     where w.cell = cells.cell and members > 0
        and (select max(peak::float8) from jsonb_array_elements_text(milli_cpu_by_two_hours) peak)
            > milli_cpu) as workers_over,
    moves, as_of
from cells;
comment on view dashboard.cells is 'Each cell in one line, beside packing without regard to time.';
comment on column dashboard.cells.cell is 'The cell, which is a partition number.';
comment on column dashboard.cells.functions is 'Functions that were seen.';
comment on column dashboard.cells.waiting is 'Functions that no worker has room for.';
comment on column dashboard.cells.workers_ready is 'Workers that may be used.';
comment on column dashboard.cells.workers_used is 'Workers with at least one function.';
comment on column dashboard.cells.workers_sum_of_peaks is 'Workers that first-fit decreasing on each function''s own peak would use.';
comment on column dashboard.cells.workers_bound is 'Workers that no placement of the planned load can do without.';
comment on column dashboard.cells.workers_saved is 'How many fewer are used than by peaks.';
comment on column dashboard.cells.workers_over is 'Workers in use whose members are planned to need more CPU than there is, even without room for noise.';
comment on column dashboard.cells.moves is 'Voluntary moves in the current hour of event time.';
comment on column dashboard.cells.as_of is 'Event time of the plan.';

create or replace view dashboard.cell_history as
select cell, functions, waiting, workers_ready, workers_used, workers_sum_of_peaks, workers_bound,
    as_of
from cell_history;
comment on view dashboard.cell_history is 'Each cell in each hour of the last 30 days of event time.';
comment on column dashboard.cell_history.cell is 'The cell, which is a partition number.';
comment on column dashboard.cell_history.functions is 'Functions that were seen.';
comment on column dashboard.cell_history.waiting is 'Functions that no worker had room for.';
comment on column dashboard.cell_history.workers_ready is 'Workers that could be used.';
comment on column dashboard.cell_history.workers_used is 'Workers with at least one function.';
comment on column dashboard.cell_history.workers_sum_of_peaks is 'Workers that packing by peaks would have used.';
comment on column dashboard.cell_history.workers_bound is 'Workers that no placement could have done without.';
comment on column dashboard.cell_history.as_of is 'The hour, in event time.';

grant select on dashboard.assignments, dashboard.assignment_history, dashboard.workers,
    dashboard.cells, dashboard.cell_history to dashboard;
