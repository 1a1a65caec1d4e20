-- Schemas and roles: one of each a stage, and a reader for the dashboard. Safe to run again.
-- A stage connects as any member of its role and sets it; it can then touch its own schema only.
-- Views for the dashboard belong to the stage whose tables they read.
create schema if not exists dashboard;

do $$
declare
    stage text;
begin
    foreach stage in array array['featurizer', 'learner', 'predictor', 'allocator', 'dashboard'] loop
        -- Roles belong to the whole server: another database may be provisioned at this moment.
        begin
            execute format('create role %I nologin', stage);
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
    -- Grants of a role's membership are the server's, too, and cannot be made twice at once.
    perform pg_advisory_xact_lock(hashtextextended('antiphase.provision', 0));
    grant usage on schema dashboard to dashboard;
    execute format('grant dashboard to %I', current_user);
    foreach stage in array array['featurizer', 'learner', 'predictor', 'allocator'] loop
        execute format('grant %I to %I', stage, current_user);
        execute format('create schema if not exists %I authorization %I', stage, stage);
        execute format('grant usage, create on schema dashboard to %I', stage);
    end loop;
end
$$;
