-- Schemas and roles: one of each a stage, and a reader for the dashboard. Safe to run again.
-- A stage connects as any member of its role and sets it; it can then touch its own schema only.
-- Views for the dashboard belong to the stage whose tables they read.
create schema if not exists dashboard;

do $$
declare
    stage text;
begin
    -- Roles belong to the whole server: two databases may be provisioned at once.
    perform pg_advisory_xact_lock(hashtextextended('antiphase.provision', 0));
    if not exists (select from pg_roles where rolname = 'dashboard') then
        create role dashboard nologin;
    end if;
    grant usage on schema dashboard to dashboard;
    execute format('grant dashboard to %I', current_user);
    foreach stage in array array['featurizer', 'learner', 'predictor', 'allocator'] loop
        if not exists (select from pg_roles where rolname = stage) then
            execute format('create role %I nologin', stage);
        end if;
        execute format('grant %I to %I', stage, current_user);
        execute format('create schema if not exists %I authorization %I', stage, stage);
        execute format('grant usage, create on schema dashboard to %I', stage);
    end loop;
end
$$;
