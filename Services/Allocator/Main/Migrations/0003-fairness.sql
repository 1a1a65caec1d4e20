-- How a cell's room is divided between customers, and the draws of places that were too few.

create table customers (
    cell int not null,
    customer text not null,
    weight float8 not null,
    dominant_share float8 not null,
    to_fair_share float8 not null,
    envy float8 not null,
    used_milli_cpu bigint not null,
    used_memory_mb bigint not null,
    waiting_milli_cpu bigint not null,
    waiting_memory_mb bigint not null,
    functions bigint not null,
    functions_waiting bigint not null,
    as_of timestamptz not null,
    primary key (cell, customer)
);
comment on table customers is 'Each customer with functions in a cell, and its part of the cell.';

alter table cells
    add column jain float8,
    add column worst_to_fair_share float8,
    add column envy float8;
alter table cell_history
    add column jain float8,
    add column worst_to_fair_share float8,
    add column envy float8;

create table lotteries (
    drawn_at timestamptz not null,
    cell int not null,
    tier text not null,
    seed text not null,
    places bigint not null,
    tickets jsonb not null,
    first_ticket text not null,
    primary key (drawn_at, cell, tier, first_ticket)
) partition by range (drawn_at);
comment on table lotteries is 'Every draw of places of the last 30 days of event time.';

create view dashboard.customers as
select cell, customer, weight, dominant_share, to_fair_share, envy, used_milli_cpu,
    used_memory_mb, waiting_milli_cpu, waiting_memory_mb, functions, functions_waiting, as_of
from customers;
comment on view dashboard.customers is 'Each customer with functions in a cell, and its part of the cell.';
comment on column dashboard.customers.cell is 'The cell, which is a partition number.';
comment on column dashboard.customers.customer is 'Who owns the functions.';
comment on column dashboard.customers.weight is 'What the customer is entitled to, relative to others: customer.weights, or 1.';
comment on column dashboard.customers.dominant_share is 'The larger of its shares of the ready workers'' CPU and memory, over its weight.';
comment on column dashboard.customers.to_fair_share is 'What it has over what progressive filling would give it of all that is placed: below 1 it has less than is fair.';
comment on column dashboard.customers.envy is 'How much more of what it asks for it would have with another customer''s part, scaled to its own weight: 0 to 1.';
comment on column dashboard.customers.used_milli_cpu is 'The highest CPU of the week of each of its placed functions, summed, in thousandths of a core.';
comment on column dashboard.customers.used_memory_mb is 'The same for memory, in MB.';
comment on column dashboard.customers.waiting_milli_cpu is 'The same for the CPU of functions that wait, in thousandths of a core.';
comment on column dashboard.customers.waiting_memory_mb is 'The same for the memory of functions that wait, in MB.';
comment on column dashboard.customers.functions is 'Its functions in the cell.';
comment on column dashboard.customers.functions_waiting is 'Those that no worker has room for.';
comment on column dashboard.customers.as_of is 'Event time of what this rests on; it has not changed since.';

create view dashboard.cell_fairness as
select cell, jain, worst_to_fair_share, envy, as_of from cells;
comment on view dashboard.cell_fairness is 'How evenly each cell''s room is divided between customers.';
comment on column dashboard.cell_fairness.cell is 'The cell, which is a partition number.';
comment on column dashboard.cell_fairness.jain is 'Jain''s index of what customers have over their fair shares: 1 is even; null before the first evaluation.';
comment on column dashboard.cell_fairness.worst_to_fair_share is 'What the worst-off customer has, over its fair share.';
comment on column dashboard.cell_fairness.envy is 'The largest envy of any customer.';
comment on column dashboard.cell_fairness.as_of is 'Event time of the plan.';

create view dashboard.cell_fairness_history as
select cell, jain, worst_to_fair_share, envy, as_of from cell_history;
comment on view dashboard.cell_fairness_history is 'The same at the end of each hour of the last 30 days of event time.';
comment on column dashboard.cell_fairness_history.cell is 'The cell, which is a partition number.';
comment on column dashboard.cell_fairness_history.jain is 'Jain''s index of what customers had over their fair shares.';
comment on column dashboard.cell_fairness_history.worst_to_fair_share is 'What the worst-off customer had, over its fair share.';
comment on column dashboard.cell_fairness_history.envy is 'The largest envy of any customer.';
comment on column dashboard.cell_fairness_history.as_of is 'The hour, in event time.';

create view dashboard.lotteries as
select drawn_at, cell, tier, seed, places, jsonb_array_length(tickets) as claims, tickets
from lotteries;
comment on view dashboard.lotteries is 'Every draw of places of the last 30 days of event time, with all that is needed to do it again.';
comment on column dashboard.lotteries.drawn_at is 'Event time of the draw.';
comment on column dashboard.lotteries.cell is 'The cell whose places were drawn.';
comment on column dashboard.lotteries.tier is 'The tier of those who took part.';
comment on column dashboard.lotteries.seed is 'What its random numbers are made from: lottery.seed, cell, slot of event time and tier, all fixed before anybody takes part.';
comment on column dashboard.lotteries.places is 'How many there were.';
comment on column dashboard.lotteries.claims is 'How many took part.';
comment on column dashboard.lotteries.tickets is '[{"customer", "service", "function", "odds", "won"}] in the order of the draw.';

grant select on dashboard.customers, dashboard.cell_fairness, dashboard.cell_fairness_history,
    dashboard.lotteries to dashboard;
