namespace Diffusion.Cli.Profiling.Html;

/// <summary>
/// The page's style sheet. It has no angle brackets and no ampersand, which XML and HTML read differently.
/// </summary>
internal static class HtmlStyle
{
    public const string Sheet = """

        :root {
          color-scheme: light dark;
          --page: #f6f6f3; --card: #fdfdfb; --edge: #e4e3de; --ink: #14140f; --soft: #55544d; --faint: #8a887f;
          --grid: #e9e8e3; --limit: #14140f; --over: #d03b3b; --load: #f3ead2; --mark: #f0f4fb;
          --budget: #2a78d6; --whole: #eb6834; --fixed: #1b9e77; --thread: #8a63d2;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #0e0e0d; --card: #1a1a19; --edge: #2e2d2a; --ink: #f5f4ef; --soft: #c0beb5; --faint: #8a887f;
            --grid: #2a2926; --limit: #f5f4ef; --over: #e66767; --load: #322c1b; --mark: #1d2734;
            --budget: #4a93ea; --whole: #e2703d; --fixed: #22a981; --thread: #a583ec;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
        }
        main { max-width: 1220px; margin: 0 auto; padding: 40px 20px 64px; }
        h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
        h2 { font-size: 17px; margin: 0 0 4px; }
        p { margin: 0 0 12px; color: var(--soft); max-width: 82ch; }
        .sub { font-size: 16px; }
        .card {
          background: var(--card); border: 1px solid var(--edge); border-radius: 12px;
          padding: 20px 24px; margin: 20px 0 0; overflow-x: auto;
        }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; }
        .tiles { margin: 24px 0 0; }
        .tile { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 16px 20px; }
        .tile .label { font-size: 13px; color: var(--soft); }
        .tile .value { font-size: 30px; line-height: 1.25; font-weight: 600; letter-spacing: -0.02em; }
        .tile .more { font-size: 13px; color: var(--faint); }
        .head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin: 14px 0 2px; }
        .head b { font-weight: 600; }
        .head span { color: var(--soft); font-size: 13.5px; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13.5px; color: var(--soft); margin: 6px 0; }
        .key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px; }
        .key.budget { background: var(--budget); } .key.whole-step { background: var(--whole); }
        .key.fixed-slices { background: var(--fixed); } .key.over { background: var(--over); }
        .key.own-thread { background: var(--thread); } .key.clock { background: var(--faint); }
        .key.promise { background: var(--ink); width: 4px; height: 13px; vertical-align: -2px; border-radius: 1px; }
        .key.median { background: var(--card); border: 1.5px solid var(--budget); border-radius: 50%; }
        table { border-collapse: collapse; width: 100%; font-size: 13.5px; margin: 8px 0 2px; }
        th { text-align: left; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--edge); }
        th, td { padding: 6px 8px; white-space: nowrap; }
        tbody tr + tr td { border-top: 1px solid var(--grid); }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        tr.marked td, td.marked, th.marked { background: var(--mark); }
        svg { display: block; width: 100%; min-width: 720px; height: auto; font: 12px system-ui, sans-serif; }
        svg .grid { stroke: var(--grid); stroke-width: 1; }
        svg .axis, svg .note { fill: var(--faint); }
        svg .note { fill: var(--soft); }
        svg .row, svg .cell { fill: var(--ink); }
        svg .cell { font-variant-numeric: tabular-nums; }
        svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
        svg .limit { stroke: var(--limit); stroke-width: 1; stroke-dasharray: 5 4; }
        svg .load { fill: var(--load); }
        svg .range { fill: none; stroke-width: 1.5; opacity: 0.45; }
        svg .median { fill: none; stroke-width: 1.25; stroke-linejoin: round; }
        svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
        svg .range-line { stroke: var(--faint); stroke-width: 1; }
        svg .budget { stroke: var(--budget); } svg .whole-step { stroke: var(--whole); }
        svg .fixed-slices { stroke: var(--fixed); } svg .own-thread { stroke: var(--thread); }
        svg .clock { stroke: var(--faint); }
        svg .range.over { stroke: var(--over); opacity: 0.9; }
        svg .bar { stroke: none; } svg .bar.budget { fill: var(--budget); }
        svg .bar.whole-step { fill: var(--whole); } svg .bar.fixed-slices { fill: var(--fixed); }
        svg .bar.own-thread { fill: var(--thread); } svg .bar.clock { fill: var(--faint); }
        svg .bar.over { fill: var(--over); }
        svg .dot { fill: var(--card); stroke: var(--budget); stroke-width: 1.5; } svg .promise { fill: var(--ink); }
        code { font: 13px ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
        footer { color: var(--faint); font-size: 13px; margin-top: 24px; }

        """;
}
