extension Asset {
    /// Light and dark follow the reader's system; nothing is wider than its window.
    static let stylesheetText = #"""
        :root {
            color-scheme: light dark;
            --ground: #f6f7f9; --card: #ffffff; --ink: #1a2230; --quiet: #5b6675; --line: #dfe3e9;
            --accent: #0b67b2; --hover: #eef3f9;
            --self: #1673c4; --opposite: #d9730d; --before: #98a3b3; --bound: #6b7a90;
            --good: #15803d; --warning: #a15c00; --alarm: #c01f2e; --unknown: #5b6675;
            --good-ground: #e9f6ee; --warning-ground: #fdf3e1; --alarm-ground: #fdeaec;
            --m1: #1673c4; --m2: #d9730d; --m3: #2f9e63; --m4: #a855a8; --m5: #c8a415;
            --m6: #1a9aa8; --m7: #cf4f5f; --m8: #6c6fd1; --m9: #8a9a3a; --m10: #9a6b4b;
        }
        @media (prefers-color-scheme: dark) {
            :root {
                --ground: #11161d; --card: #19202a; --ink: #e4e9f0; --quiet: #98a5b5;
                --line: #2c3644; --accent: #7ab8f5; --hover: #222c39;
                --self: #58a6ec; --opposite: #f0a35a; --before: #66738a; --bound: #8494aa;
                --good: #5fcf8b; --warning: #efb65a; --alarm: #ff8089; --unknown: #98a5b5;
                --good-ground: #152a1f; --warning-ground: #30260f; --alarm-ground: #371a1f;
                --m1: #4b97dc; --m2: #dd8b43; --m3: #4bb07c; --m4: #b878bb; --m5: #c9ae45;
                --m6: #3fa9b5; --m7: #d5717e; --m8: #8b8ee0; --m9: #9dab57; --m10: #b08768;
            }
        }
        * { box-sizing: border-box; }
        body {
            margin: 0; background: var(--ground); color: var(--ink);
            font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
            font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
        }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        :focus-visible {
            outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px;
        }
        code { font-size: 0.92em; }
        .quiet, footer { color: var(--quiet); }
        .unseen {
            position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
            white-space: nowrap;
        }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 1rem; top: 0.5rem; background: var(--card); padding: 0.3rem 0.6rem; }

        .top {
            display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1.5rem;
            padding: 0.6rem max(1rem, calc((100vw - 1400px) / 2));
            background: var(--card); border-bottom: 1px solid var(--line);
        }
        .brand {
            display: flex; align-items: center; gap: 0.55rem; color: var(--ink);
            font-weight: 650; font-size: 1.05rem;
        }
        .top nav { display: flex; gap: 0.25rem; }
        .top nav a { padding: 0.25rem 0.7rem; border-radius: 6px; color: var(--quiet); }
        .top nav a[aria-current] { background: var(--hover); color: var(--ink); font-weight: 550; }
        .top form { display: flex; gap: 0.4rem; margin-left: auto; flex: 0 1 26rem; }
        input, button {
            font: inherit; color: inherit; padding: 0.3rem 0.65rem; border-radius: 6px;
            border: 1px solid var(--line); background: var(--ground); min-width: 0;
        }
        input { flex: 1; }
        button { background: var(--hover); cursor: pointer; }

        main { max-width: 1400px; margin: 0 auto; padding: 1rem; display: grid; gap: 1rem; }
        main > *, .two > *, .tiles > * { min-width: 0; }
        footer { max-width: 1400px; margin: 0 auto; padding: 0 1rem 1.5rem; font-size: 0.87rem; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; font-weight: 650; }
        h2 { font-size: 1rem; margin: 0 0 0.6rem; font-weight: 600; }
        p { margin: 0.35rem 0; }
        .title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; }
        .title .path { flex-basis: 100%; color: var(--quiet); margin: 0; }
        .card {
            background: var(--card); border: 1px solid var(--line); border-radius: 10px;
            padding: 0.95rem 1.1rem;
        }
        .two { display: grid; gap: 1rem; grid-template-columns: 1fr; align-items: stretch; }
        @media (min-width: 1150px) {
            .two { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
            #outcomes, #opposite { grid-column: 1; }
            #facts { grid-column: 1 / -1; }
        }
        .figure { font-size: 1.65rem; line-height: 1.25; font-weight: 600; margin: 0; }
        .figure .unit { font-size: 0.95rem; font-weight: 400; color: var(--quiet); }
        .reason { font-size: 1.02rem; }
        .places {
            list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap;
            gap: 0 1.5rem;
        }

        .verdict {
            border-radius: 10px; padding: 0.75rem 1.1rem; background: var(--card);
            border: 1px solid var(--line); border-left: 5px solid var(--unknown);
        }
        .verdict ul { list-style: none; margin: 0; padding: 0; }
        .verdict li:first-child { font-weight: 600; }
        .verdict[data-grade="good"] {
            background: var(--good-ground); border-left-color: var(--good);
        }
        .verdict[data-grade="warning"] {
            background: var(--warning-ground); border-left-color: var(--warning);
        }
        .verdict[data-grade="alarm"] {
            background: var(--alarm-ground); border-left-color: var(--alarm);
        }
        [data-grade="warning"]:not(section) { color: var(--warning); }
        [data-grade="alarm"]:not(section) { color: var(--alarm); }
        .state::before {
            content: ""; display: inline-block; width: 0.6em; height: 0.6em; border-radius: 50%;
            margin-right: 0.45em; background: var(--unknown);
        }
        .state[data-grade="good"]::before { background: var(--good); }
        .state[data-grade="warning"]::before { background: var(--warning); border-radius: 0; }
        .state[data-grade="alarm"]::before { background: var(--alarm); border-radius: 0; }
        .stream[data-stream="on"]::before { content: " · live"; color: var(--good); }
        .stream[data-stream="lost"]::before { content: " · no longer live"; color: var(--alarm); }

        .tiles {
            display: grid; gap: 1rem;
            grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr));
        }
        .tile {
            background: var(--card); border: 1px solid var(--line); border-radius: 10px;
            padding: 0.75rem 1.1rem;
        }
        .tile h2 { font-size: 0.87rem; font-weight: 500; color: var(--quiet); margin: 0; }
        .tile p { margin: 0; }
        .tile .figure { white-space: nowrap; font-size: clamp(1.25rem, 1rem + 0.7vw, 1.65rem); }

        .scroll { overflow-x: auto; margin: 0 -0.4rem; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: 0.4rem; vertical-align: top; font-weight: 400; }
        thead th { color: var(--quiet); font-size: 0.84rem; border-bottom: 1px solid var(--line); }
        tbody tr + tr > * { border-top: 1px solid var(--line); }
        .number { text-align: right; white-space: nowrap; }
        .short { min-width: 7rem; }
        th:has(.name) { min-width: 12rem; }
        td:has(.state) { min-width: 9rem; }
        .state { display: inline-block; padding-left: 1.05em; text-indent: -1.05em; }
        td, th { overflow-wrap: normal; }
        th[scope="row"], .owners, #rejected td:nth-child(5) {
            overflow-wrap: anywhere; min-width: 9rem;
        }
        #rejected td:nth-child(5) { min-width: 15rem; }
        #rejected td:nth-child(4), #rejected thead th { white-space: nowrap; }
        .owners { max-width: 18rem; font-size: 0.87rem; color: var(--quiet); }
        .under { display: block; font-size: 0.84rem; color: var(--quiet); }
        .bar-cell { width: 34%; min-width: 5rem; vertical-align: middle; }
        .bar { display: block; }
        .bar-room { fill: var(--hover); }
        .bar-fill.self { fill: var(--self); }
        .bar-fill.before { fill: var(--before); }
        .bar-fill.bound { fill: var(--bound); }
        .bar-fill.over { fill: var(--alarm); }
        #rejected tbody:empty ~ *, #rejected .none { display: none; }
        #rejected:has(tbody:empty) .none { display: block; }
        #rejected:has(tbody:empty) .scroll { display: none; }

        .facts {
            display: grid; gap: 0.4rem 1.5rem; margin: 0.6rem 0 0;
            grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr));
        }
        dt { font-size: 0.84rem; color: var(--quiet); }
        dd { margin: 0; }

        .chart { margin: 0; }
        figcaption { display: block; }
        .legend {
            list-style: none; margin: 0.2rem 0 0.4rem; padding: 0; display: flex; flex-wrap: wrap;
            gap: 0.1rem 1.1rem; font-size: 0.87rem;
        }
        .key::before {
            content: ""; display: inline-block; width: 0.85em; height: 0.85em; border-radius: 2px;
            margin-right: 0.4em; vertical-align: -0.08em; background: var(--key, var(--self));
        }
        .key.apart::before, .key.capacity::before {
            height: 0; border-top: 2px dashed var(--key); background: none;
            vertical-align: 0.25em;
        }
        .plot { display: block; overflow: visible; }
        .plot .grid { stroke: var(--line); }
        .plot .ground { stroke: var(--quiet); }
        .plot text {
            fill: var(--quiet); font-size: 11.5px; paint-order: stroke; stroke: var(--card);
            stroke-width: 3px; stroke-linejoin: round;
        }
        .area { fill: var(--key, var(--self)); fill-opacity: 0.85; }
        .area.self {
            fill-opacity: 0.28; stroke: var(--self); stroke-width: 1.5px;
            vector-effect: non-scaling-stroke;
        }
        .curve { fill: none; stroke: var(--key, var(--self)); stroke-width: 2px; }
        .curve.before { stroke-width: 1.25px; }
        .level { stroke: var(--key); stroke-width: 1.5px; stroke-dasharray: 6 4; }
        .self { --key: var(--self); } .opposite { --key: var(--opposite); }
        .before { --key: var(--before); } .apart { --key: var(--ink); }
        .capacity { --key: var(--alarm); } .member-others { --key: var(--before); }
        .member-1 { --key: var(--m1); } .member-2 { --key: var(--m2); }
        .member-3 { --key: var(--m3); } .member-4 { --key: var(--m4); }
        .member-5 { --key: var(--m5); } .member-6 { --key: var(--m6); }
        .member-7 { --key: var(--m7); } .member-8 { --key: var(--m8); }
        .member-9 { --key: var(--m9); } .member-10 { --key: var(--m10); }
        .cursor { stroke: var(--ink); stroke-width: 1px; }
        .chart-foot {
            display: flex; gap: 1rem; font-size: 0.87rem; min-height: 1.5em; margin: 0.2rem 0 0;
        }
        .chart-foot .csv { margin-left: auto; }
        .readout { color: var(--quiet); }
        @media (max-width: 560px) {
            main { padding: 0.7rem; gap: 0.7rem; }
            .card, .tile, .verdict { padding: 0.7rem 0.8rem; }
            .top form { flex-basis: 100%; margin-left: 0; }
            .tiles { gap: 0.7rem; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
            .figure, .tile .figure { font-size: 1.35rem; }
            .tile:last-child:nth-child(odd) { grid-column: 1 / -1; }
        }
        @media (prefers-reduced-motion: no-preference) { a, button { transition: color 0.1s; } }
        """#
}
