/// The one style sheet of the pages. Colours are those of Okabe and Ito, which colour-blind people tell apart.
enum StyleSheet {
    static let text = """
        :root{color-scheme:light dark;--ink:#1b2430;--paper:#f6f7f9;--card:#fff;--line:#d5dae1;--muted:#596273;--link:#005a9c;
        --good:#0b6e53;--bad:#a63c00;--badbg:#c44a00;--small:#7a5c00;--unknown:#5c6470;--calm:#dcebf5;--warm:#f6dfae}
        @media (prefers-color-scheme:dark){:root:not([data-theme=light]){--ink:#e6eaf0;--paper:#12161c;--card:#1a2029;--line:#343d4a;--muted:#a0aabb;--link:#7cc0f2;
        --good:#4fc7a1;--bad:#ff9a5c;--badbg:#c44a00;--small:#e5bd4f;--unknown:#a0aabb;--calm:#1f3a4f;--warm:#5c4715}}
        :root[data-theme=dark]{color-scheme:dark;--ink:#e6eaf0;--paper:#12161c;--card:#1a2029;--line:#343d4a;--muted:#a0aabb;--link:#7cc0f2;
        --good:#4fc7a1;--bad:#ff9a5c;--badbg:#c44a00;--small:#e5bd4f;--unknown:#a0aabb;--calm:#1f3a4f;--warm:#5c4715}
        :root[data-theme=light]{color-scheme:light}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
        a{color:var(--link)}a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible,.wide:focus-visible{outline:3px solid var(--link);outline-offset:2px}
        .skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:3}
        header{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.5rem;padding:.6rem 1.5rem;background:var(--card);border-bottom:1px solid var(--line)}
        .brand{font-weight:700;font-size:1.15rem;color:var(--ink);text-decoration:none;display:flex;align-items:center;gap:.4rem}.mark{width:1.6rem;height:1.6rem;color:#0072b2}
        header ul{display:flex;gap:.25rem;list-style:none;margin:0;padding:0}header li a{display:block;padding:.35rem .8rem;border-radius:.4rem;text-decoration:none;color:var(--ink)}
        header li a:hover{background:var(--calm)}header li a[aria-current]{background:var(--calm);font-weight:600}
        #live{margin:0 0 0 auto;font-size:.85rem;color:var(--muted)}
        main{max-width:84rem;margin:0 auto;padding:1rem 1.5rem 3rem}footer{max-width:84rem;margin:0 auto;padding:1rem 1.5rem;color:var(--muted);font-size:.85rem;border-top:1px solid var(--line)}
        h1{font-size:1.6rem;line-height:1.25;margin:.4rem 0 .6rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .6rem}h3{font-size:1.05rem;margin:0;overflow-wrap:anywhere}
        p{margin:.4rem 0}.lead{color:var(--muted)}.muted{color:var(--muted);font-size:.9rem}.crumbs{font-size:.9rem;overflow-wrap:anywhere}
        .badges{display:flex;flex-wrap:wrap;gap:.35rem;margin:.4rem 0}
        .badge{display:inline-block;border:1.5px solid currentColor;border-radius:1rem;padding:0 .65rem;font-size:.85rem;line-height:1.55rem;font-weight:600;white-space:nowrap}
        .badge.good{color:var(--good)}.badge.small{color:var(--small)}.badge.unknown{color:var(--unknown);border-style:dashed}.badge.bad{color:#fff;background:var(--badbg);border-color:var(--badbg)}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem}
        .card,figure,form.box,.box{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem;margin:0}
        .card.bad{border-left:6px solid var(--badbg)}.card.good{border-left:6px solid var(--good)}.card.unknown{border-left:6px dashed var(--unknown)}.card.small{border-left:6px solid var(--small)}
        .card h3 a{text-decoration:none}.card h3 a:hover{text-decoration:underline}.row{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:.4rem 1rem}
        .spark{width:10rem;height:2.25rem;flex:none}dl.facts{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:.5rem 0 0}dl.facts div{min-width:5.5rem}dt{font-size:.78rem;color:var(--muted)}dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1rem;margin-bottom:1rem}dl.facts.box{margin-bottom:1rem}
        figure{overflow:hidden;margin-bottom:1rem}.charts figure{margin-bottom:0}figcaption{font-weight:600;overflow-wrap:anywhere}figure p{font-size:.88rem;color:var(--muted)}figure svg,svg.timeline{display:block;width:100%;max-width:62rem;height:auto;font:12px system-ui,sans-serif}svg.timeline{min-width:48rem}figure svg.narrow{display:none}
        svg text{fill:currentColor}.grid{stroke:var(--line)}.diagonal,.level{stroke:var(--muted);stroke-dasharray:4 4;stroke-width:1.5}.whisker{stroke:currentColor;stroke-width:1.5}.touch{fill:transparent}
        .wide{margin-bottom:1rem;overflow-x:auto;max-width:100%;scrollbar-width:thin}table{border-collapse:collapse;font-size:.9rem}.wide>table{min-width:100%}caption{text-align:left;font-weight:600;padding:.2rem .5rem}
        th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word;max-width:44rem}thead th{font-size:.82rem;color:var(--muted);white-space:nowrap;overflow-wrap:normal}
        td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td time{white-space:nowrap}.why{display:block;min-width:14rem}
        .wide>table.heat{min-width:0}table.heat{border-collapse:separate;border-spacing:1px;font-size:.8rem}table.heat.box{padding:.5rem}.heat td{padding:0;border:0;text-align:center;min-width:1.5rem;height:1.5rem;line-height:1.5rem;vertical-align:middle;border-radius:2px;color:var(--muted)}
        .heat th{border:0;font-weight:500;padding:0 .5rem 0 0}.heat tbody th{position:sticky;left:0;background:var(--card);white-space:nowrap;max-width:15rem;overflow:hidden;text-overflow:ellipsis;z-index:1}.heat thead th{font-weight:400;font-variant-numeric:tabular-nums;border-left:1px solid var(--line);padding-left:3px}.heat thead th:first-child{border:0}
        .heat .k{background:var(--calm);color:var(--calm)}.heat .n{background:var(--warm);color:var(--ink)}.heat .u{box-shadow:inset 0 0 0 1px var(--line)}.heat .b{background:var(--badbg);color:#fff}.heat td a{color:inherit;text-decoration:none;display:block;min-width:24px;min-height:24px}.heat td a:hover{outline:2px solid var(--ink)}
        .legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.85rem;color:var(--muted);margin:.4rem 0}.legend span span{display:inline-block;width:1.3rem;text-align:center;border-radius:2px;margin-right:.3rem}
        .legend .k{background:var(--calm);color:var(--ink)}.legend .n{background:var(--warm);color:var(--ink)}.legend .b{background:var(--badbg);color:#fff}.legend .u{box-shadow:inset 0 0 0 1px var(--line)}
        form.range{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:end;margin:.8rem 0}form label{display:block;font-size:.82rem;color:var(--muted)}form .field{min-width:0}
        input,select,button,textarea{font:inherit;color:inherit;background:var(--card);border:1px solid var(--muted);border-radius:.4rem;padding:.3rem .6rem;max-width:100%}button{cursor:pointer}button:hover{background:var(--calm)}#theme{font-size:.85rem}
        .empty{border:2px dashed var(--line);border-radius:.6rem;padding:.8rem 1.1rem;margin:.6rem 0}code,pre{font:.88rem ui-monospace,monospace;overflow-wrap:anywhere}pre{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;white-space:pre-wrap}
        details{margin:.4rem 0;font-size:.9rem}summary{cursor:pointer;color:var(--link)}.tabs{display:flex;gap:.4rem;flex-wrap:wrap;margin:.3rem 0 .6rem}.tabs a{padding:.2rem .8rem;border:1px solid var(--line);border-radius:1rem;text-decoration:none}.tabs a[aria-current]{background:var(--calm);color:var(--ink);font-weight:600}
        .alert{margin:0 0 1rem}.alert form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin-top:.5rem}.note{border-left:4px solid var(--link);padding:.3rem .9rem;background:var(--card)}
        .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        @media (prefers-color-scheme:dark){:root:not([data-theme=light]) svg [stroke="#0072b2"]{stroke:#56b4e9}:root:not([data-theme=light]) svg [fill="#0072b2"]{fill:#56b4e9}}
        :root[data-theme=dark] svg [stroke="#0072b2"]{stroke:#56b4e9}:root[data-theme=dark] svg [fill="#0072b2"]{fill:#56b4e9}
        @media (max-width:40rem){header{gap:.3rem .6rem}#theme{order:2;margin-left:auto;padding:.1rem .5rem}header nav{order:3}#live{order:4}.row{align-items:start}header,main,footer{padding-left:.9rem;padding-right:.9rem}#live{margin:0}.card,figure,.box{padding:.7rem .8rem}h1{font-size:1.35rem}.heat tbody th{max-width:8.5rem}figure svg.broad{display:none}figure svg.narrow{display:block}}
        @media print{figure svg.broad{display:block}figure svg.narrow{display:none}header,form,.skip{display:none}body{background:#fff}figure,tr{break-inside:avoid}}
        """
}
