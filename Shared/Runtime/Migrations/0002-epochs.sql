-- Epochs start at the time of the first claim, so that they also rise where a schema is made anew.

comment on column checkpoints.epoch is
    'Rises by one with every claim, from the time of the first in seconds since 1970; a checkpoint of an older epoch is refused.';

do $$
begin
    execute format(
        'comment on column dashboard.%I.epoch is %L', current_schema() || '_checkpoints',
        'Rises by one whenever a process claims the partition; the first is a time in seconds.');
end
$$;
