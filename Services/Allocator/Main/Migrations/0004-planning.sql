-- What each cell will need: each plan replaces the one before it.

create table plans (
    cell int primary key,
    workers_ready bigint not null,
    hours_short_with_one_less float8 not null,
    hours_short float8 not null,
    hours_short_with_one_more float8 not null,
    as_of timestamptz not null
);
comment on table plans is 'Each cell''s plan in one line.';

create table plan_hours (
    cell int not null,
    hour timestamptz not null,
    workers_p50 bigint not null,
    workers_p95 bigint not null,
    milli_cpu float8 not null,
    kwh_today float8,
    kwh_planned float8,
    carbon_g_today float8,
    carbon_g_planned float8,
    primary key (cell, hour)
);
comment on table plan_hours is 'The hours of the coming week.';

create table plan_days (
    cell int not null,
    day date not null,
    workers_p50 bigint not null,
    workers_p95 bigint not null,
    workers_to_have bigint not null,
    placed_p50 bigint not null,
    placed_p95 bigint not null,
    primary key (cell, day)
);
comment on table plan_days is 'The days of the coming four weeks.';

create table plan_switches (
    cell int not null,
    worker text not null,
    off_from timestamptz not null,
    on_from timestamptz not null,
    primary key (cell, worker, off_from)
);
comment on table plan_switches is 'When workers may be off in the coming week.';

create table plan_deferrals (
    cell int not null,
    due_hour timestamptz not null,
    run_hour timestamptz not null,
    milli_cpu float8 not null,
    saved_carbon_g float8,
    primary key (cell, due_hour, run_hour)
);
comment on table plan_deferrals is 'Lax work that had better run later.';

create view dashboard.plans as
select cell, workers_ready, hours_short_with_one_less, hours_short, hours_short_with_one_more,
    kwh_today, kwh_planned, carbon_g_today, carbon_g_planned, as_of
from plans
left join lateral (
    select sum(kwh_today) as kwh_today, sum(kwh_planned) as kwh_planned,
        sum(carbon_g_today) as carbon_g_today, sum(carbon_g_planned) as carbon_g_planned
    from plan_hours where plan_hours.cell = plans.cell) week on true;
comment on view dashboard.plans is 'Each cell''s coming week in one line, and what a worker less or more would do.';
comment on column dashboard.plans.cell is 'The cell, which is a partition number.';
comment on column dashboard.plans.workers_ready is 'Workers that it has.';
comment on column dashboard.plans.hours_short_with_one_less is 'Share of the week''s hours that would need more workers than there are, with one less.';
comment on column dashboard.plans.hours_short is 'The same with those that there are.';
comment on column dashboard.plans.hours_short_with_one_more is 'The same with one more.';
comment on column dashboard.plans.kwh_today is 'Energy of the week with every ready worker on, in kWh; null when a worker''s power is unknown.';
comment on column dashboard.plans.kwh_planned is 'The same with no more workers on than each hour''s 95th percentile.';
comment on column dashboard.plans.carbon_g_today is 'Carbon of the week with every ready worker on, in g CO2; null when unknown.';
comment on column dashboard.plans.carbon_g_planned is 'The same with no more workers on than each hour''s 95th percentile.';
comment on column dashboard.plans.as_of is 'Event time of the plan.';

create view dashboard.plan_hours as
select cell, hour, workers_p50, workers_p95, milli_cpu, kwh_today, kwh_planned, carbon_g_today,
    carbon_g_planned
from plan_hours;
comment on view dashboard.plan_hours is 'The hours of the coming week, for workers of the mean size.';
comment on column dashboard.plan_hours.cell is 'The cell, which is a partition number.';
comment on column dashboard.plan_hours.hour is 'When it begins, in event time.';
comment on column dashboard.plan_hours.workers_p50 is 'Workers that suffice in half of the scenarios.';
comment on column dashboard.plan_hours.workers_p95 is 'Workers that suffice in 95 % of them.';
comment on column dashboard.plan_hours.milli_cpu is 'Mean CPU in use, the median of the scenarios, in thousandths of a core.';
comment on column dashboard.plan_hours.kwh_today is 'Energy with every ready worker on, in kWh; null when a worker''s power is unknown.';
comment on column dashboard.plan_hours.kwh_planned is 'Energy with workers_p95 on, or all where there are fewer.';
comment on column dashboard.plan_hours.carbon_g_today is 'Carbon with every ready worker on, in g CO2; null when unknown.';
comment on column dashboard.plan_hours.carbon_g_planned is 'Carbon with workers_p95 on, or all where there are fewer.';

create view dashboard.plan_days as
select cell, day, workers_p50, workers_p95, workers_to_have, placed_p50, placed_p95
from plan_days;
comment on view dashboard.plan_days is 'The days of the coming four weeks, by their busiest hours.';
comment on column dashboard.plan_days.cell is 'The cell, which is a partition number.';
comment on column dashboard.plan_days.day is 'The day, UTC, of event time.';
comment on column dashboard.plan_days.workers_p50 is 'Workers that suffice in half of the scenarios.';
comment on column dashboard.plan_days.workers_p95 is 'Workers that suffice in 95 % of them.';
comment on column dashboard.plan_days.workers_to_have is 'Workers beyond which one more costs as much as it saves, at plan.shortage_cost.';
comment on column dashboard.plan_days.placed_p50 is 'Workers that will have functions, which are placed for a week: in half of the scenarios no more.';
comment on column dashboard.plan_days.placed_p95 is 'The same in 95 % of them.';

create view dashboard.plan_switches as
select cell, worker, off_from, on_from from plan_switches;
comment on view dashboard.plan_switches is 'When workers may be off in the coming week.';
comment on column dashboard.plan_switches.cell is 'The cell, which is a partition number.';
comment on column dashboard.plan_switches.worker is 'The worker.';
comment on column dashboard.plan_switches.off_from is 'From then on it may be off.';
comment on column dashboard.plan_switches.on_from is 'By then it had better be on again; the end of the week when it is not needed in it.';

create view dashboard.plan_deferrals as
select cell, due_hour, run_hour, milli_cpu, saved_carbon_g from plan_deferrals;
comment on view dashboard.plan_deferrals is 'Work with an hour or more to its deadline that had better run in a later hour.';
comment on column dashboard.plan_deferrals.cell is 'The cell, which is a partition number.';
comment on column dashboard.plan_deferrals.due_hour is 'The hour in which it would run.';
comment on column dashboard.plan_deferrals.run_hour is 'The hour of less carbon, or of as much and less load, within its slack.';
comment on column dashboard.plan_deferrals.milli_cpu is 'How much, as mean CPU over the hour, in thousandths of a core.';
comment on column dashboard.plan_deferrals.saved_carbon_g is 'Carbon saved, in g CO2; null when unknown.';

grant select on dashboard.plans, dashboard.plan_hours, dashboard.plan_days,
    dashboard.plan_switches, dashboard.plan_deferrals to dashboard;
