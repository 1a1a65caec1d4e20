-- How the promises to the tiers are kept: what is expected of placements, and what shapes tell.

create table overload (
    cell int not null,
    tier text not null,
    budget float8 not null,
    expected float8 not null,
    deviations float8 not null,
    days bigint not null,
    workers bigint not null,
    slots bigint not null,
    over bigint not null,
    hour timestamptz not null,
    primary key (cell, tier)
);
comment on table overload is 'Each cell''s tiers that have functions on workers.';

create table overload_history (like overload)
    partition by range (hour);
alter table overload_history add primary key (hour, cell, tier);
comment on table overload_history is 'The same at the end of each hour of the last 30 days of event time.';

create or replace view dashboard.overload as
select cell, tier, budget, expected, deviations, days, workers, slots, over,
    case when slots > 0 then over::float8 / slots end as measured, hour
from overload;
comment on view dashboard.overload is 'How each cell keeps each tier''s budget of slots in which it may get less CPU than it needs.';
comment on column dashboard.overload.cell is 'The cell.';
comment on column dashboard.overload.tier is 'guaranteed, burstable or best_effort. A tier is served before those that were promised less.';
comment on column dashboard.overload.budget is 'The share of five-minute slots of the tier''s workers in which it may get less CPU than it needs.';
comment on column dashboard.overload.expected is 'The share expected of the placement as it is.';
comment on column dashboard.overload.deviations is 'How many standard deviations of the members'' noise room is left for.';
comment on column dashboard.overload.days is 'Days from which that was learned; 0 while it is what other fleets needed.';
comment on column dashboard.overload.workers is 'Workers with functions of the tier.';
comment on column dashboard.overload.slots is 'Five-minute slots of those workers that were measured in the hour.';
comment on column dashboard.overload.over is 'Those in which the tier, with the tiers before it, needed more CPU than the worker has.';
comment on column dashboard.overload.measured is 'over / slots; null before the first slot.';
comment on column dashboard.overload.hour is 'When the hour began, in event time.';

create or replace view dashboard.overload_history as
select cell, tier, budget, expected, deviations, days, workers, slots, over,
    case when slots > 0 then over::float8 / slots end as measured, hour
from overload_history;
comment on view dashboard.overload_history is 'How each cell kept each tier''s budget, by hour of the last 30 days of event time.';
comment on column dashboard.overload_history.cell is 'The cell.';
comment on column dashboard.overload_history.tier is 'guaranteed, burstable or best_effort.';
comment on column dashboard.overload_history.budget is 'The share of five-minute slots of the tier''s workers in which it may get less CPU than it needs.';
comment on column dashboard.overload_history.expected is 'The share expected of the placement as it was at the end of the hour.';
comment on column dashboard.overload_history.deviations is 'How many standard deviations of the members'' noise room was left for.';
comment on column dashboard.overload_history.days is 'Days from which that was learned.';
comment on column dashboard.overload_history.workers is 'Workers with functions of the tier.';
comment on column dashboard.overload_history.slots is 'Five-minute slots of those workers that were measured.';
comment on column dashboard.overload_history.over is 'Those in which the tier, with the tiers before it, needed more CPU than the worker has.';
comment on column dashboard.overload_history.measured is 'over / slots; null where nothing was measured.';
comment on column dashboard.overload_history.hour is 'When the hour began, in event time.';

comment on column dashboard.workers.planned_milli_cpu is 'The CPU that its members need but for the share of the time that their tiers'' budgets allow on one worker, in thousandths of a core.';

grant select on dashboard.overload, dashboard.overload_history to dashboard;
