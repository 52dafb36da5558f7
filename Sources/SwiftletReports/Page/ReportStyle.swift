/// The page's style: light and dark by the reader's setting, one column on a phone, all rows of a table page on paper.
enum ReportStyle {
    static let text = """
        :root { color-scheme: light dark; --ground: #ffffff; --panel: #f5f6f8; --line: #d5d9e0; --text: #1b1f26;
          --quiet: #545c69; --link: #0b57b8; --good: #1a7f4b; --bad: #b3261e; --mark: #fff0b8; --heat: 11, 87, 184;
          --s0: #0b57b8; --s1: #b04a00; --s2: #1a7f4b; --s3: #8a2fa8; --s4: #a1203f; --s5: #4d5766; --s6: #00707d; }
        @media (prefers-color-scheme: dark) { :root { --ground: #14171c; --panel: #1e232b; --line: #3a424e; --text: #e8eaee;
          --quiet: #a9b2c0; --link: #8ab8ff; --good: #6fd39c; --bad: #ff9d94; --mark: #57480f; --heat: 138, 184, 255;
          --s0: #8ab8ff; --s1: #ffb27a; --s2: #6fd39c; --s3: #dba3f0; --s4: #ff9db0; --s5: #b8c0cc; --s6: #6fd6e2; } }
        * { box-sizing: border-box; }
        html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
        @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
        body { margin: 0; background: var(--ground); color: var(--text); line-height: 1.5;
          font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-size: 16px; }
        header, main, nav { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
        header { padding-top: 1.5rem; }
        h1 { font-size: 1.7rem; margin: 0 0 .25rem; overflow-wrap: anywhere; line-height: 1.2; }
        h2 { font-size: 1.3rem; margin: 0 0 .25rem; }
        h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
        #lead { margin: 0 0 .75rem; max-width: 46rem; overflow-wrap: anywhere; }
        dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 1rem; }
        dl div { display: flex; gap: .4rem; }
        dt { color: var(--quiet); } dd { margin: 0; font-variant-numeric: tabular-nums; }
        nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0; padding: .6rem 0;
          border-block: 1px solid var(--line); }
        a { color: var(--link); } .skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; }
        section { padding: 1.5rem 0; border-bottom: 1px solid var(--line); }
        section > p { max-width: 50rem; }
        .note { color: var(--quiet); margin: 0 0 .75rem; }
        h1, h2, th, td, dd, li, .tag, mark, ins { unicode-bidi: isolate; }
        td.label { min-width: 8rem; } td.flag { white-space: nowrap; }
        .scroll { overflow-x: auto; margin-bottom: 1rem; border: 1px solid var(--line); border-radius: 6px; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        caption { text-align: left; font-weight: 600; padding: .5rem .6rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-top: 1px solid var(--line); }
        thead th { background: var(--panel); white-space: nowrap; }
        td { overflow-wrap: anywhere; white-space: pre-wrap; } td.number, th.number { white-space: nowrap;
          text-align: right; }
        td.text { min-width: 14rem; max-width: 40rem; }
        th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
        button, input, select { font: inherit; color: inherit; }
        .tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .75rem 0; }
        .tools button, .pages button { background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
          padding: .3rem .7rem; cursor: pointer; }
        .tools button[aria-pressed=true] { border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link); }
        .tools input, .tools select { background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px;
          padding: .3rem .5rem; max-width: 100%; }
        button:disabled { opacity: .55; cursor: default; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .pages { display: flex; gap: .6rem; align-items: center; margin: .5rem 0; }
        .share { display: inline-block; height: .55rem; background: var(--s0); border-radius: 2px; margin-right: .4rem; }
        .good { color: var(--good); } .bad { color: var(--bad); } .quiet { color: var(--quiet); }
        .matrix td { text-align: center; padding: 0; }
        .matrix td button, .matrix td span { display: block; width: 100%; min-width: 3rem; padding: .45rem .5rem; border: 0;
          background: none; cursor: pointer; text-align: center; }
        .matrix td span { cursor: default; }
        .matrix th { overflow-wrap: break-word; max-width: 12rem; white-space: normal; }
        figure { margin: 1rem 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
        svg { width: 100%; height: auto; max-height: 26rem; display: block; background: var(--panel); border-radius: 6px; }
        svg text { fill: var(--quiet); font-size: 13px; } svg .grid { stroke: var(--line); } svg .axis { stroke: var(--quiet); }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; margin: .4rem 0; }
        .legend i { display: inline-block; width: 1.4rem; height: .3rem; margin-right: .4rem; vertical-align: middle; }
        details { margin: .4rem 0; } summary { cursor: pointer; color: var(--link); }
        #tip { position: absolute; background: var(--text); color: var(--ground); padding: .25rem .5rem; border-radius: 4px;
          font-size: .875rem; pointer-events: none; max-width: 18rem; z-index: 2; white-space: pre-line; }
        .tag { border-radius: 4px; padding: 0 .25rem; border-bottom: 2px solid currentColor; white-space: nowrap; }
        .tag small { margin-left: .25rem; font-weight: 600; }
        mark { background: var(--mark); color: inherit; } ins { text-decoration: underline 2px; } .grid { display: grid; gap: 1rem; }
        @media (min-width: 60rem) { .grid { grid-template-columns: 1fr 1fr; } }
        @media (max-width: 30rem) { header, main, nav { padding-inline: .8rem; } th, td { padding: .35rem .4rem; }
          td.text { min-width: 9rem; } svg text { font-size: 21px; } h1 { font-size: 1.35rem; } }
        @media print { nav, .tools, .pages, .skip, #tip { display: none; } body { font-size: 11px; } section { break-inside: auto; }
          .scroll { overflow: visible; border: 0; } svg, figure, tr { break-inside: avoid; } }
        """
}
