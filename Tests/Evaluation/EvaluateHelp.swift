extension Evaluate {
    static let help = """
        usage: evaluate packing --utilisation FILE --layout columns|rows|planetlab
                   --train-days N --test-days M --capacity C [options]

          Places every series of FILE on as few workers of capacity C as its first N days suggest,
          and scores the placement on the M days after them, beside the baselines.

          --layout columns     a header of ids, then a row a slot
          --layout rows        a row a series, no header, -1 where missing
          --layout planetlab   a header, then rows of date, vm and a day's slots; joined by vm
          --slots-per-day S    288 unless said
          --scale X            what a number is worth in the unit of C; 1 unless said
          --min-mean U         leave out series whose mean over the first N days is below U
          --budget B           share of worker-slots that may exceed C (gaussian); 0.001 unless said
          --deviations Z       standard deviations of noise that our own policy leaves room for;
                               learned from the first N days unless said
          --seed K             1 unless said; packing draws no random numbers

        usage: evaluate quality-of-service --utilisation FILE --layout L --train-days N
                   --test-days M --capacity C [--tiers G,B,E] [--customers K] [options of packing]

          Gives every series a tier and a customer by lot, places them as packing does, and tells how
          often each tier, and each customer, then gets less than it needs: with tiers, where those
          promised more are served first, and without. The burstable have the budget B, the
          guaranteed a tenth of it, the best effort ten times as much.

          --tiers G,B,E        shares that are guaranteed, burstable, best effort; 0.2,0.5,0.3
          --customers K        10 unless said
          --seed K             of the lots; 1 unless said

        usage: evaluate representation --ucr DIR [--seed K] [--timings on|off]

          Fits a label-free representation of at most 32 numbers to the training split of every set
          in DIR (NAME_TRAIN.ts[.gz], NAME_TEST.ts[.gz]) and tells how well a linear probe and the
          nearest neighbour find the test split's labels from it, and how well k-means finds the
          classes.

          --timings off        leaves out how long it took: the rest is the same from run to run

        usage: evaluate identity --utilisation FILE --layout L --train-days N --test-days M
                   [--transfer FILE [--transfer-layout L] [--transfer-scale X]] [options of packing]

          Fits on half of the series and recognises each of the other half: by the last week of the
          first N days (all of them if fewer) among the first weeks of the M days after them.

          --gap-days G         leave out G days between the two; 0 unless said
          --transfer FILE      also fit on the series of another fleet's FILE, and use it here

        usage: evaluate anticorrelation --utilisation FILE --layout L --train-days N --test-days M
                   [options of packing]

          Chooses each series' partner from the first N days and tells how far their joint peak
          stays below the sum of their peaks on the M days after them.

          --control COUNT      no FILE but so many made series that all rise together

        usage: evaluate success --format google2011|philly|requests FILE --split SECONDS
                   [--seed K] [--timings on|off]

          Foretells how each run of FILE ends at its start, by what had ended until then, from the split
          on; everything before it is history. Services that start nothing before it are new: of each,
          the first run that starts when exactly 0, 1, 3, 5, 10 or 30 of its outcomes are known counts
          there. Whoever was killed, evicted or lost did not succeed. Seconds are those of the file; of
          philly, since its first job was submitted.

        usage: evaluate canaries --format google2011|requests FILE --split SECONDS [--seed K]

          Looks at outcomes of services that start nothing before the split, as many as each policy
          chooses, and tells the log-loss of the later half of their outcomes after so many looks.

        usage: evaluate popularity --format google2011|azure_apps FILE [--train-days N]
                   [--horizon H] [--min-per-day J] [--series-max M] [--seed K]
               evaluate popularity --format utilisation FILE --layout L --train-days N
                   --test-days M [--horizon H] [options of packing]

          Every day from the Nth on, foretells each series' next H slots from what was known by
          then, new series included, and compares ln(1 + y) with what came.

          google2011           jobs submitted an hour, by logical name
          azure_apps           invocations of an app in blocks of 504 minutes: 3 a day, 20 a week
          utilisation          means over the hour of series as in packing
          --train-days N       7 unless said, or half of a shorter trace
          --horizon H          24 unless said; less where the trace ends
          --min-per-day J      google2011: leaves out services with fewer jobs a day; 5 unless said
          --series-max M       of more series, so many are drawn by seed and content; 2,000 unless
                               said
          crps_ratio           mean quantile loss over 20 quantiles, twice, over day naive's mean
                               error, which is a point's CRPS; both of ln(1 + y)

        usage: evaluate closed-loop --trace DIR [--workers N] [--warm-up MINUTES] [--repeats R]
                   [--seed K] [--deadlines drawn|platform] [--worker-milli-cpu M]
                   [--worker-memory-mb M]

          Runs DIR's invocations (tables as those of Azure Functions 2019) on N simulated workers of
          one cell, whose CPU is shared and whose neighbours slow one another; what ran becomes
          shapes, shapes become assignments, and those say where the next executions run. The learner
          is left out: no placement rests on it.

          --workers N          several numbers, up to what the sum of the peaks takes, unless said
          --warm-up MINUTES    240 unless said, or all but the last of R; everything is counted from
                               then on
          --repeats R          the trace's counts R times, one after the other: a perfect rhythm, of
                               which the allocator then knows more than hours
          --deadlines drawn    three customers in ten allow 1.5 to 3 times the 99th percentile of
                               their durations, the others 10 to 100 times; the trace says none
          --deadlines platform 230 s for what answers HTTP, 600 s for the rest: Azure's limits
          contention_misses    executions ended at a deadline that they would have met alone on an
                               idle worker; contention_miss_share_of_functions: each function
                               counts as much as any other
          throttled_share      of the CPU demanded at each moment, what was not to be had
          unplaced_share       executions whose function had no worker yet: they ran on its home
                               (by the hash of its name), or on the next worker that had room
          workers_in_use       workers with a function or at work, on average over the minutes
          round_robin          each function on the next worker, in order of appearance

        usage: evaluate fairness --utilisation FILE --layout L --train-days N --test-days M
                   --capacity C [--customers U] [--functions F] [--scarcity S] [--draws D]
                   [options of packing]

          Gives made customers, some much larger than others, functions with the loads of FILE's first
          N days, and fewer workers than they need: who gets how much.

          --customers U        20 unless said
          --functions F        of all customers; 600 unless said
          --scarcity S         workers there are, of those needed; 0.5 unless said
          --draws D            of places by lottery; 10,000 unless said
          jain                 of what customers have over what progressive filling would give them;
                               jain_shares: of weighted dominant shares themselves

        usage: evaluate plan --utilisation FILE --layout L --train-days N --test-days M
                   --capacity C [options of packing]

          Packs every hour of FILE as if it were known, and foretells how many workers of capacity C
          the hours of a week and the days of four weeks will take: at the start of each of the M
          days, from all before it, for what is left of them.

          coverage_p95         share of hours in which the 95th percentile sufficed
          median_error         mean distance of the median from what was needed, as a share of it
          by_day               the same of each day's busiest hour
          placed               the same of the workers that functions placed for a week, by the week
                               before, have each day
          by_lead_hours        the same of leads of 1, of 2 to 6, of 7 to 24 and of more hours
        """
}
