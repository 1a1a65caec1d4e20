-- A slot closes for many functions at once. A row a function and day, of 288 slots, was written anew
-- for each of them; now a row has one slot of 128 functions, and is written once.

-- Migrating takes as long as there is load kept.
set local statement_timeout = 0;

create table function_numbers (
    customer text not null,
    service text not null,
    function text not null,
    cell int not null,
    number int not null,
    primary key (customer, service, function),
    unique (cell, number)
);
comment on table function_numbers is 'Where the load of each function lies in slots; never changed.';
comment on column function_numbers.cell is 'The cell in which it was first seen.';
comment on column function_numbers.number is 'Counted from 0 in the cell: its block times 128, and its place there.';

create table slots (
    day date not null,
    cell int not null,
    block int not null,
    slot smallint not null,
    invocations int[] not null,
    cpu_ms float4[] not null,
    primary key (day, cell, block, slot)
) partition by range (day);
comment on table slots is 'What functions did in slots of five minutes, 128 functions a row; kept for 30 days of event time.';
comment on column slots.slot is 'Of the day, from 0 to 287.';
comment on column slots.invocations is '(128) by the function''s place in the block: those that started in the slot; null: it has no shape.';
comment on column slots.cpu_ms is '(128) CPU time used in the slot.';

create table slot_days (day date primary key);
comment on table slot_days is 'Days that slots has a partition for.';

-- Makes the partitions that `days` need, drops those out of retention, and returns the first day
-- that is kept; rows before it are not to be written.
create function prepare_slots(days date[]) returns date
language plpgsql as $$
declare
    retention constant int := 30;
    wanted date;
    newest date;
    gone date;
begin
    select greatest((select max(day) from slot_days), (select max(d) from unnest(days) d))
    into newest;
    foreach wanted in array days loop
        continue when wanted <= newest - retention
            or exists (select from slot_days where day = wanted);
        perform pg_advisory_xact_lock(hashtextextended('antiphase.partitions.slots', 0));
        continue when exists (select from slot_days where day = wanted);
        execute format(
            'create table %I partition of slots for values from (%L) to (%L)',
            'slots_' || to_char(wanted, 'YYYYMMDD'), wanted, wanted + 1);
        insert into slot_days values (wanted);
        for gone in delete from slot_days where day <= newest - retention returning day loop
            execute format('drop table %I', 'slots_' || to_char(gone, 'YYYYMMDD'));
        end loop;
    end loop;
    return newest - retention + 1;
end
$$;

-- What was kept moves over.
insert into function_numbers
select customer, service, function, cell,
    row_number() over (partition by cell order by customer, service, function) - 1
from (
    select customer, service, function, coalesce(f.cell, 0) as cell
    from functions f full join (
        select distinct customer, service, function from function_days
    ) d using (customer, service, function)
) known;

do $$
declare
    part record;
begin
    perform prepare_slots(array(select distinct day from function_days order by day));
    -- Piece by piece: a cell's day fits into memory.
    for part in
        select d.day, c.cell
        from (select distinct day from function_days) d,
            (select distinct cell from function_numbers) c
        order by 1, 2
    loop
        insert into slots
        select part.day, part.cell, n.number / 128, place - 1,
            array_agg(u.invocations order by n.number), array_agg(u.cpu_ms order by n.number)
        from function_numbers n
        left join function_days d on d.day = part.day and d.customer = n.customer
            and d.service = n.service and d.function = n.function
        cross join lateral unnest(
            coalesce(d.invocations, array_fill(null::int, array[288])),
            coalesce(d.cpu_ms, array_fill(null::float4, array[288]))
        ) with ordinality as u (invocations, cpu_ms, place)
        where n.cell = part.cell and place <= 288
        group by n.number / 128, place
        having bool_or(u.invocations is not null);
    end loop;
end
$$;

drop view dashboard.function_days;
drop function prepare_function_days(date[]);
drop table function_days;

-- Totals are written again and again: a page keeps room for the next version of its rows.
alter table functions set (fillfactor = 70);

create view dashboard.function_days as
select n.customer, n.service, n.function, d.day,
    array(
        select s.invocations[n.number % 128 + 1] from generate_series(0, 287) as i (slot)
        left join slots s on s.day = d.day and s.cell = n.cell and s.block = n.number / 128
            and s.slot = i.slot
        order by i.slot) as invocations,
    array(
        select s.cpu_ms[n.number % 128 + 1] from generate_series(0, 287) as i (slot)
        left join slots s on s.day = d.day and s.cell = n.cell and s.block = n.number / 128
            and s.slot = i.slot
        order by i.slot) as cpu_ms
from function_numbers n, slot_days d
where exists (
    select from slots s
    where s.day = d.day and s.cell = n.cell and s.block = n.number / 128
        and s.invocations[n.number % 128 + 1] is not null);
comment on view dashboard.function_days is 'Each function''s days in slots of five minutes: to be read of few functions at once.';
comment on column dashboard.function_days.customer is 'Who owns the service.';
comment on column dashboard.function_days.service is 'The service that the function belongs to.';
comment on column dashboard.function_days.function is 'The function.';
comment on column dashboard.function_days.day is 'The day, UTC.';
comment on column dashboard.function_days.invocations is '(288) invocations that started in each slot; null where there is no shape.';
comment on column dashboard.function_days.cpu_ms is '(288) CPU time used in each slot, in ms.';

create view dashboard.slots as
select day, slot, sum((select sum(n) from unnest(invocations) n)) as invocations,
    sum((select sum(n::float8) from unnest(cpu_ms) n)) as cpu_ms
from slots group by day, slot;
comment on view dashboard.slots is 'What the whole fleet did, slot by slot: to be read of few slots at once.';
comment on column dashboard.slots.day is 'The day, UTC.';
comment on column dashboard.slots.slot is 'Its slot of five minutes, from 0 to 287.';
comment on column dashboard.slots.invocations is 'Invocations that started in it.';
comment on column dashboard.slots.cpu_ms is 'CPU time used in it, in ms.';

grant select on dashboard.function_days, dashboard.slots to dashboard;
